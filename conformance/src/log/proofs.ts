import { decideRoots, type LogTrees } from '@karmanflow/events';
import {
  appendLeafHashes,
  type CompactTree,
  compactTreeRoot,
  inclusionProof,
  leafHash,
  verifyInclusion,
} from '@karmanflow/receipts';
import { attackCheck } from '../attacks/attack-check.ts';
import type { Check } from '../harness/check.ts';
import { sabotage } from '../harness/sabotage.ts';
import { qualified } from '../world/statements.ts';
import { swallow } from './gap-free.ts';
import { withLogPlace } from './log-place.ts';

const hashBytes = 32;

/** The arithmetic of RFC 9162, as the sequencer is given it. */
const trees: LogTrees = {
  extend(tree, leafHashes) {
    const hashes = Array.from({ length: tree.frontier.length / hashBytes }, (_, at) =>
      tree.frontier.slice(at * hashBytes, (at + 1) * hashBytes),
    );
    const before: CompactTree = { size: BigInt(tree.size), hashes };
    const after = appendLeafHashes(before, leafHashes);
    return { size: Number(after.size), frontier: Buffer.concat(after.hashes), root: compactTreeRoot(after) };
  },
  superLeafHash: ({ root }) => leafHash(root),
};

export const proofs: Check = attackCheck({
  id: 'log.proofs',
  claim: 'Every receipt that was committed is proven by the next root of its tenant: by a path from its exact bytes.',
  mechanism:
    'a leaf is the hash of the bytes that were signed, and a root covers all leaves (RFC 9162 section 2.1); each receipt is proven, and one byte more is not',
  administrator: true,
  cases: ['every receipt is proven', 'another receipt is not', 'roots extend each other'],
  async run(attack) {
    const { evidence, target } = attack;
    await withLogPlace(attack, async (place) => {
      for (const receipts of [3, 5]) {
        await place.write({ receipts });
        await place.drain();
        await place.asLeader(({ connection, epoch }) =>
          decideRoots(connection, { epoch, tenantIds: [place.tenantId], trees }),
        );
      }
      const { roots, bodies } = await target.asAdmin(async (admin) => ({
        roots: (
          await admin.query<{ size: string; root: Buffer }>(
            `SELECT tree_size AS size, root_hash AS root FROM ${qualified('log_roots')} WHERE tenant_id = $1 ORDER BY tree_size`,
            [place.tenantId],
          )
        ).rows,
        bodies: (
          await admin.query<{ id: string; body: Buffer }>(
            `SELECT id, body FROM ${qualified('command_receipts')} WHERE tenant_id = $1`,
            [place.tenantId],
          )
        ).rows,
      }));
      const leaves = await place.rows('log_leaves', 'leaf_index');
      const hashes = leaves.map((row) => row['leaf_hash'] as Uint8Array); // bytea, never null.
      const [newest] = roots.toReversed();
      const root = Uint8Array.from(newest?.root ?? []);
      const treeSize = BigInt(newest?.size ?? 0);
      const proves = (index: number, hash: Uint8Array): boolean => {
        if (index < 0 || BigInt(hashes.length) !== treeSize) return false;
        const leafIndex = BigInt(index);
        const proof = inclusionProof({ leafIndex, leafHashes: hashes.map((one) => Uint8Array.from(one)) });
        return verifyInclusion({ leafIndex, treeSize, leafHash: hash, proof, root });
      };
      for (const { id, body } of bodies) {
        const index = leaves.findIndex((row) => row['command_receipt_id'] === id);
        evidence.see('every receipt is proven');
        if (!proves(index, leafHash(body)))
          evidence.violation(`every receipt is proven: ${id} at leaf ${index} is not`);
        evidence.see('another receipt is not');
        if (proves(index, leafHash(Buffer.concat([body, Buffer.from(' ')])))) {
          evidence.violation(`another receipt is not: one byte more than ${id} is proven as well`);
        }
      }
      evidence.see('roots extend each other', roots.length);
      if (roots.length !== 2)
        evidence.violation(`roots extend each other: there are ${roots.length}, and 2 were decided`);
    });
  },
  saboteurs: [
    sabotage(
      { name: 'a leaf has another hash than its receipt', mentions: 'every receipt is proven:' },
      'CREATE FUNCTION kf.forge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.leaf_hash := sha256(NEW.leaf_hash); RETURN NEW; END $$',
      'CREATE TRIGGER forge BEFORE INSERT ON kf.log_leaves FOR EACH ROW EXECUTE FUNCTION kf.forge()',
    ),
    sabotage(
      { name: 'a transaction forgets the queue', mentions: 'is not' },
      ...swallow('log_pending', 'cardinality(NEW.receipt_ids) = 5'),
    ),
  ],
});

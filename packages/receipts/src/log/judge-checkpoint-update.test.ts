import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { formatAddCheckpoint } from './add-checkpoint.ts';
import { formatCheckpoint } from './checkpoint.ts';
import { judgeCheckpointUpdate, type KnownLog, type WitnessedTree } from './judge-checkpoint-update.ts';
import { emptyRootHash } from './merkle-hash.ts';
import { consistencyProof, rootHash } from './merkle-proof.ts';
import { signNote } from './note-signer.ts';
import { logSigner, manyLeafHashes, origin, strangerSigner } from './testing/sample-log.ts';

const leafHashes = manyLeafHashes(40);
const treeAt = (size: number): WitnessedTree => ({ size: BigInt(size), root: rootHash(leafHashes.slice(0, size)) });
const noteAt = (tree: WitnessedTree, signer = logSigner): string =>
  signNote({ text: formatCheckpoint({ origin, ...tree }), signers: [signer] });
const bodyOf = (from: number, to: number): string =>
  formatAddCheckpoint({
    oldSize: BigInt(from),
    proof: from === 0 ? [] : consistencyProof({ size1: BigInt(from), leafHashes: leafHashes.slice(0, to) }),
    checkpoint: noteAt(treeAt(to)),
  });

function judge(body: string | Uint8Array, witnessed?: WitnessedTree): ReturnType<typeof judgeCheckpointUpdate> {
  const log: KnownLog = { keys: [logSigner.key], witnessed };
  return judgeCheckpointUpdate({ body, knownLog: (name) => (name === origin ? log : undefined) });
}

describe('a witness', () => {
  test('follows a log from nothing, size by size, and cosigns the same tree again', () => {
    expect(judge(bodyOf(0, 17))).toMatchObject({ ok: true, checkpoint: { size: 17n } });
    expect(judge(bodyOf(17, 40), treeAt(17))).toMatchObject({ ok: true, checkpoint: { size: 40n } });
    expect(judge(bodyOf(40, 40), treeAt(40))).toMatchObject({ ok: true, checkpoint: { size: 40n } });
    expect(judge(bodyOf(0, 0))).toMatchObject({ ok: true, checkpoint: { size: 0n, root: emptyRootHash() } });
  });

  test('says what it cosigned last to who does not know it', () => {
    expect(judge(bodyOf(0, 40), treeAt(17))).toMatchObject({ code: 'stale', witnessedSize: 17n });
    expect(judge(bodyOf(5, 40), treeAt(17))).toMatchObject({ code: 'stale', witnessedSize: 17n });
    expect(judge(bodyOf(5, 40))).toMatchObject({ code: 'stale', witnessedSize: 0n });
    expect(judge(bodyOf(16, 16), treeAt(17))).toMatchObject({ code: 'stale', witnessedSize: 17n });
  });

  test('does not follow a tree that forks, at its size or beyond it', () => {
    const forked = { size: 17n, root: rootHash(leafHashes.slice(1, 18)) };
    expect(judge(bodyOf(17, 17), forked)).toMatchObject({ code: 'fork', witnessedSize: 17n });
    expect(judge(bodyOf(17, 40), forked)).toMatchObject({ code: 'inconsistent' });
    const proofless = formatAddCheckpoint({ oldSize: 17n, proof: [], checkpoint: noteAt(treeAt(40)) });
    expect(judge(proofless, treeAt(17))).toMatchObject({ code: 'inconsistent' });
  });

  test('serves the logs that it knows, under the keys that it knows', () => {
    const foreign = signNote({
      text: formatCheckpoint({ origin: 'other.example', ...treeAt(3) }),
      signers: [logSigner],
    });
    expect(judge(formatAddCheckpoint({ oldSize: 0n, proof: [], checkpoint: foreign }))).toMatchObject({
      code: 'unknown_origin',
    });
    const body = formatAddCheckpoint({ oldSize: 0n, proof: [], checkpoint: noteAt(treeAt(3), strangerSigner) });
    expect(judge(body)).toMatchObject({ code: 'not_signed' });
  });

  test('refuses what is no request, or goes backwards', () => {
    const backwards = formatAddCheckpoint({ oldSize: 40n, proof: [], checkpoint: noteAt(treeAt(17)) });
    expect(judge(backwards, treeAt(40))).toMatchObject({ code: 'malformed' });
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.uint8Array()), (noise) => {
        expect(judge(noise)).toMatchObject({ ok: false, code: 'malformed' });
      }),
    );
  });

  test('never cosigns two trees of which neither is a prefix of the other, whatever is asked of it', () => {
    // Two histories that part at leaf 10, and requests from either in any order.
    const other = leafHashes.map((hash, at) => (at < 10 ? hash : (leafHashes[39 - at + 10] ?? hash)));
    const histories = [leafHashes, other];
    const step = fc.record({ history: fc.nat(1), from: fc.nat(40), to: fc.nat(40) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        let witnessed: WitnessedTree | undefined;
        let followed: number | undefined;
        for (const { history, from, to } of steps) {
          if (from > to) continue;
          const hashes = histories[history] ?? [];
          const root = rootHash(hashes.slice(0, to));
          const proof = from === 0 ? [] : consistencyProof({ size1: BigInt(from), leafHashes: hashes.slice(0, to) });
          const checkpoint = noteAt({ size: BigInt(to), root });
          const judgement = judge(formatAddCheckpoint({ oldSize: BigInt(from), proof, checkpoint }), witnessed);
          if (!judgement.ok) continue;
          expect(to >= Number(witnessed?.size ?? 0n)).toBe(true);
          if (to > 10) expect(followed ?? history).toBe(history);
          if (to > 10) followed = history;
          witnessed = judgement.checkpoint;
        }
      }),
      { numRuns: 40 },
    );
  });
});

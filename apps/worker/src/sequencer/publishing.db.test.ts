import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { TestTenant } from '@karmanflow/commands/testing';
import { type Connection, drainQueue } from '@karmanflow/events';
import {
  type Archive,
  type LogTrust,
  receiptDocument,
  proveFromArchive,
  tenantLogPlace,
  verifyLogReceipt,
} from '@karmanflow/receipts';
import { toUuid } from '@karmanflow/schema';
import { createPublisher } from './create-publisher.ts';
import { createLogTrees } from './log-trees.ts';
import { readReceipt } from './read-receipt.ts';
import { createSequencerWorld, host, type SequencerWorld } from './testing/sequencer-world.ts';

setDefaultTimeout(120_000);

let sequencer: SequencerWorld;
let [acme, globex]: TestTenant[] = [];
beforeAll(async () => {
  sequencer = await createSequencerWorld();
  acme = await sequencer.world.createTenant('Acme');
  globex = await sequencer.world.createTenant('Globex');
});
afterAll(() => sequencer.close());

const tenants = (): [TestTenant, TestTenant] => {
  if (!acme || !globex) throw new Error('no tenants');
  return [acme, globex];
};
const checkpointCount = async (): Promise<number> =>
  Number((await sequencer.admin.query('select count(*) as n from kf.log_checkpoints')).rows[0].n);

describe('what is published', () => {
  test('proves every receipt of every tenant from files alone, round after round', async () => {
    const [first, second] = tenants();
    for (const count of [30, 1, 260, 5]) {
      await sequencer.issue(first, count);
      await sequencer.issue(second, 2);
      await sequencer.sequence();
      expect(await sequencer.publish()).toMatchObject({ ok: true, checkpoints: 3 });
    }
    expect(await sequencer.proveAll(first)).toBeGreaterThan(290);
    expect(await sequencer.proveAll(second)).toBeGreaterThan(8);
  });

  test('convinces who has nothing but the receipt, its proof and the key of the log', async () => {
    const [tenant] = tenants();
    const place = tenantLogPlace({ host, tenantId: tenant.tenantId });
    const trust: LogTrust = {
      origin: place.origin,
      logKeys: [sequencer.signer.verifierKey(place.origin)],
      witnessKeys: [],
      witnessQuorum: 0,
    };
    const { rows } = await sequencer.admin.query(
      `select r.body, r.hash, r.signature, r.key_id, l.leaf_index from kf.command_receipts r join kf.log_leaves l
        on l.tenant_id = r.tenant_id and l.command_receipt_id = r.id where r.tenant_id = $1 and l.leaf_index in (0, 17)`,
      [toUuid(tenant.tenantId)],
    );
    const notes = await sequencer.admin.query(
      'select note from kf.log_checkpoints where tenant_id = $1 order by tree_size desc limit 1',
      [toUuid(tenant.tenantId)],
    );
    expect(rows).toHaveLength(2);
    for (const row of rows) {
      const leafIndex = BigInt(row.leaf_index);
      const proven = await proveFromArchive(sequencer.archive, { place, leafIndex, note: notes.rows[0].note });
      if (!proven.ok) throw new Error(proven.detail);
      const document = receiptDocument({
        bytes: row.body,
        hash: row.hash,
        signature: row.signature,
        keyId: row.key_id,
      });
      const text = JSON.stringify(document);
      expect(verifyLogReceipt({ document: text, proof: proven.proof, trust })).toMatchObject({ ok: true, leafIndex });
      const forged = text.replace('"status":"SUCCEEDED"', '"status":"REFUSED"');
      expect(forged).not.toBe(text);
      expect(verifyLogReceipt({ document: forged, proof: proven.proof, trust }).ok).toBe(false);
    }
  });

  test('is nothing when no log grew, and then asks about no log', async () => {
    expect(await sequencer.publish()).toBeNull();
  });

  test('follows what the sequencer tells, without a search through all logs', async () => {
    const [tenant] = tenants();
    await sequencer.issue(tenant, 3);
    await sequencer.asLeader(({ connection, epoch }) =>
      sequencer.database.connection(async (other) => {
        const { archive } = sequencer;
        const signer = async () => sequencer.signer;
        const publisher = createPublisher({
          epoch,
          host,
          archive,
          signer,
          trees: createLogTrees(host),
          witnessing: null,
        });
        expect(await publisher.publish(other)).toBeNull();
        const round = await drainQueue(connection, { epoch, readReceipt, distrust: false });
        expect(await publisher.publish(other)).toBeNull();
        publisher.grew(round.tenantIds);
        expect(publisher.hasMore()).toBe(true);
        expect(await publisher.publish(other)).toMatchObject({ ok: true, checkpoints: 2, leaves: round.leaves });
        expect(publisher.hasMore()).toBe(false);
      }),
    );
  });
});

/** A connection whose process dies at its statement of that number: nothing more is sent, and no answer comes. */
function dyingConnection(connection: Connection, statement: number): Connection {
  let sent = 0;
  const query = (...args: Parameters<Connection['query']>): unknown => {
    sent += 1;
    return sent < statement ? connection.query(...args) : Promise.reject(new Error('the process died'));
  };
  return new Proxy(connection, { get: (target, name) => (name === 'query' ? query : Reflect.get(target, name)) });
}

describe('a publication that is cut off', () => {
  /** An archive that fails at its write of that number, before or behind it. */
  function failing(at: number, when: 'before' | 'behind'): Archive {
    let writes = 0;
    return {
      read: (path) => sequencer.archive.read(path),
      async write(path, bytes) {
        writes += 1;
        const fails = writes === at;
        if (fails && when === 'before') throw new Error('the archive failed');
        await sequencer.archive.write(path, bytes);
        if (fails) throw new Error('the archive failed');
      },
    };
  }

  test('at any write to the archive publishes nothing, and the next leader publishes it all', async () => {
    const [first, second] = tenants();
    const grow = async (): Promise<void> => {
      await sequencer.issue(first, 3);
      await sequencer.issue(second, 1);
      await sequencer.sequence();
    };
    let failures = 0;
    for (;;) {
      await grow();
      const before = await checkpointCount();
      const archive = failing(failures + 1, failures % 2 === 0 ? 'before' : 'behind');
      const end = await sequencer.publish({ archive }).catch((error: unknown) => error);
      // Only the archive may fail; once it has more turns than there are writes, all has been tried.
      if (!(end instanceof Error)) break;
      expect(end.message).toBe('the archive failed');
      failures += 1;
      expect(await checkpointCount()).toBe(before);
      // More leaves have come since: what was decided is published as it was decided, and they come after it.
      await grow();
      expect(await sequencer.publish()).toMatchObject({ ok: true });
      expect(await sequencer.publish()).toMatchObject({ ok: true });
    }
    expect(failures).toBeGreaterThan(8);
    expect(await sequencer.proveAll(first)).toBeGreaterThan(320);
    await sequencer.proveAll(second);
  });

  test('at any of its statements loses nothing and publishes nothing twice', async () => {
    const [first] = tenants();
    let failures = 0;
    for (;;) {
      await sequencer.issue(first, 2);
      await sequencer.sequence();
      const died = await sequencer.asLeader(({ epoch }) =>
        sequencer.database.connection(async (connection, discard) => {
          const { archive } = sequencer;
          const signer = async () => sequencer.signer;
          const publisher = createPublisher({
            epoch,
            host,
            archive,
            signer,
            trees: createLogTrees(host),
            witnessing: null,
          });
          const publishing = publisher.publish(dyingConnection(connection, failures + 1)).finally(discard);
          return publishing.then(
            () => null,
            (error: unknown) => error,
          );
        }),
      );
      if (died === null) break;
      expect(String(died)).toContain('the process died');
      failures += 1;
      // What was decided before the end, and what was left undecided: both are there in the end, each once.
      while ((await sequencer.publish()) !== null);
      const { rows } = await sequencer.admin.query(
        'select count(*) as n from kf.log_roots where (tenant_id, tree_size) not in (select tenant_id, tree_size from kf.log_checkpoints)',
      );
      expect(Number(rows[0].n)).toBe(0);
    }
    expect(failures).toBeGreaterThan(20);
    await sequencer.proveAll(first);
  });

  test('before or behind the signature is signed again, the same', async () => {
    const [first] = tenants();
    for (const when of ['before', 'behind']) {
      await sequencer.issue(first, 2);
      await sequencer.sequence();
      const before = await checkpointCount();
      const signer = {
        remembered: (origin: string) => sequencer.signer.remembered(origin),
        sign: async (requests: Parameters<typeof sequencer.signer.sign>[0]) => {
          if (when === 'behind') await sequencer.signer.sign(requests);
          throw new Error('the signer died');
        },
      };
      await expect(sequencer.publish({ signer })).rejects.toThrow('the signer died');
      expect(await checkpointCount()).toBe(before);
      await sequencer.issue(first, 1);
      await sequencer.sequence();
      expect(await sequencer.publish()).toMatchObject({ ok: true });
    }
    await sequencer.publish();
    await sequencer.proveAll(first);
  });

  test('by the end of its term records nothing', async () => {
    const [first] = tenants();
    await sequencer.issue(first, 2);
    await sequencer.sequence();
    const before = await checkpointCount();
    await sequencer.asLeader(async ({ epoch }) => {
      const { archive } = sequencer;
      const signer = async () => sequencer.signer;
      const old = createPublisher({
        epoch: epoch - 1,
        host,
        archive,
        signer,
        trees: createLogTrees(host),
        witnessing: null,
      });
      const publishing = sequencer.database.connection((connection) => old.publish(connection));
      await expect(publishing).rejects.toMatchObject({ name: 'TermEnded' });
    });
    expect(await checkpointCount()).toBe(before);
    expect(await sequencer.publish()).toMatchObject({ ok: true });
  });
});

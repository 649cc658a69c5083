import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { toUuid } from '@karmanflow/schema';
import { createSequenceWorld, scopeOf, type SequenceWorld } from '../testing/sequence-world.ts';
import { decideRoots } from './decide-roots.ts';
import { type LogExtent, type LogTrees, readExtents, readOpenDecision } from './log-state.ts';
import { readBacklog } from './read-backlog.ts';
import { readEntries } from './read-entries.ts';
import { recordCheckpoints } from './record-checkpoints.ts';

setDefaultTimeout(90_000);

let world: SequenceWorld;
beforeAll(async () => {
  world = await createSequenceWorld();
});
afterAll(() => world.close());

const digest = (...parts: readonly Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();

/** A chain in the place of a tree: what rows are kept does not depend on it. */
const chain: LogTrees = {
  extend(tree, hashes) {
    const root = hashes.reduce((before, hash) => digest(before, hash), Buffer.from(tree.frontier));
    return { size: tree.size + hashes.length, frontier: root, root };
  },
  superLeafHash: ({ tenantId, size, root }) => digest(Buffer.from(`${tenantId} ${size}`), root),
};

const tenants = Array.from({ length: 7 }, (_, at) => scopeOf(80 + at, 1));
const tenantIds = tenants.map(({ tenantId }) => toUuid(tenantId));

async function extents(): Promise<readonly LogExtent[]> {
  const page = await world.sequencers.connection((connection) => readExtents(connection, null));
  expect(page.next).toBeNull();
  return page.extents;
}

test('what is decided is open until it is recorded, and the next decision goes on from it', async () => {
  for (const [at, scope] of tenants.entries())
    await world.write({ scope, events: Array.from({ length: at + 1 }, () => 0) });
  await world.drain();
  expect(await extents()).toEqual(
    tenantIds.map((tenantId, at) => ({ tenantId, leaves: at + 1, decided: 0, published: 0 })),
  );
  await world.asLeader(async ({ connection, epoch }) => {
    const options = { epoch, trees: chain };
    expect(await readOpenDecision(connection, [])).toBeNull();
    const first = await decideRoots(connection, { ...options, tenantIds: tenantIds.slice(0, 3) });
    expect(first?.tenants.map(({ tenantId, superIndex }) => [tenantId, superIndex])).toEqual(
      tenantIds.slice(0, 3).map((tenantId, at) => [tenantId, at]),
    );
    expect(first?.platform.after.size).toBe(3);
    const open = (await extents()).filter(({ decided, published }) => decided > published);
    expect(open.map(({ tenantId }) => tenantId)).toEqual(tenantIds.slice(0, 3));
    // Found again by who knows nothing but the rows, in whatever order they are named.
    expect(await readOpenDecision(connection, tenantIds.slice(0, 3).toReversed())).toEqual(first);
    const checkpoints = [...(first?.tenants ?? []), ...(first ? [first.platform] : [])].map(({ tenantId, after }) => ({
      tenantId,
      size: after.size,
      note: 'signed',
    }));
    await recordCheckpoints(connection, { epoch, checkpoints });
    expect(await readOpenDecision(connection, [])).toBeNull();

    // Nothing is decided for a log that did not grow.
    expect(await decideRoots(connection, { ...options, tenantIds: tenantIds.slice(0, 3) })).toBeNull();
    await world.write({ scope: scopeOf(81, 2), events: [0] });
    const second = await world.sequencers.connection(async () => decideRoots(connection, { ...options, tenantIds }));
    expect(second?.tenants.map(({ superIndex }) => superIndex)).toEqual([3, 4, 5, 6]);
    expect(second?.platform.before).toMatchObject({ size: 3 });
    expect(second?.platform.after.size).toBe(7);
  });
});

test('the bytes of a tenant’s receipts are read by their leaves, across its environments', async () => {
  const [one, other] = [scopeOf(95, 1), scopeOf(95, 2)];
  const written = [
    ...(await world.write({ scope: one, events: [1, 0] })),
    ...(await world.write({ scope: other, events: [2] })),
    ...(await world.write({ scope: one, events: [0] })),
  ];
  await world.drain();
  const read = (from: number, to: number) =>
    world.sequencers.connection((connection) => readEntries(connection, { tenantId: toUuid(one.tenantId), from, to }));
  const ids = (entries: readonly Uint8Array[]): string[] =>
    entries.map((entry) => JSON.parse(Buffer.from(entry).toString()).receiptId);
  const wanted = written.map(({ id }) => `rcp_${id}`);
  expect(ids(await read(0, 4))).toEqual(wanted);
  expect(ids(await read(1, 3))).toEqual(wanted.slice(1, 3));
  expect(await read(2, 2)).toEqual([]);
  await expect(read(3, 5)).rejects.toThrow('no entry 4');
});

test('how much waits, and for how long, is seen without any tenant’s context', async () => {
  const look = () => world.sequencers.connection(readBacklog);
  await world.drain();
  expect(await look()).toEqual({ transactions: 0, oldestSeconds: 0 });
  await world.write({ scope: scopeOf(96, 1), events: [1] });
  await world.write({ scope: scopeOf(97, 1), events: [1] });
  const { transactions, oldestSeconds } = await look();
  expect(transactions).toBe(2);
  expect(oldestSeconds).toBeLessThan(600);
  await world.drain();
});

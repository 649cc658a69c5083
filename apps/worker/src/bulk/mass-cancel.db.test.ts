import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { Executor } from '@karmanflow/commands';
import { waitUntil } from '@karmanflow/runtime/testing';
import { clearBuckets } from '../sweeper/clear-buckets.ts';
import type { Store, WorkerWorld } from '../testing/worker-world.ts';
import { type BulkWorld, createBulkWorld } from './testing/bulk-world.ts';
import { bulkRunnerHandle } from './visit-scope.ts';

setDefaultTimeout(90_000);

let world: BulkWorld;
let workerWorld: WorkerWorld;
beforeAll(async () => {
  world = await createBulkWorld();
  ({ workerWorld } = world);
});
afterAll(() => world.close());
afterEach(async () => expect(await world.complaints()).toEqual([]));

const bulkRunner: BulkWorld['bulkRunner'] = (change) => world.bulkRunner(change);
const holds: BulkWorld['holds'] = (store, count) => world.holds(store, count);
const start: BulkWorld['start'] = (store, input) => world.start(store, input);
const progress: BulkWorld['progress'] = (massCancelId) => world.progress(massCancelId);
const statuses: BulkWorld['statuses'] = (store) => world.statuses(store);
const receipts: BulkWorld['receipts'] = (store, type) => world.receipts(store, type);

async function buckets(store: Store): Promise<number> {
  const { rows } = await workerWorld.admin.query(
    'select count(*)::int as n from kf.expiry_schedule where tenant_id = $1 and environment_id = $2 and due_at <= now()',
    [store.tenantId.slice(4), store.environmentId.slice(4)],
  );
  return rows[0].n;
}

describe('a mass cancellation', () => {
  test('cancels what matches in every environment that it was started in, and nothing else', async () => {
    const [acme, globex] = await Promise.all([workerWorld.createTenant('Acme'), workerWorld.createTenant('Globex')]);
    const stores = [acme.sandbox, acme.production, globex.sandbox];
    await Promise.all(stores.map((store) => holds(store, 5)));
    const kept = await holds(globex.production, 5);
    const operations = await Promise.all(stores.map((store) => start(store, { expectedCount: 5 })));
    const later = await Promise.all(stores.map((store) => holds(store, 2)));
    const worker = await workerWorld.start();
    for (const [index, store] of stores.entries()) {
      const massCancelId = operations[index] ?? '';
      const condition = async () => (await progress(massCancelId)).status === 'COMPLETED';
      await waitUntil({ what: 'the operation ends', condition });
      expect(await statuses(store)).toEqual({ CANCELLED: 5, ACTIVE: later[index]?.length ?? 0 });
      expect(await store.reserved()).toBe(2);
      const [started] = await receipts(store, 'reservation.mass_cancel');
      const cancelled = await receipts(store, 'reservation.cancel_part');
      expect(cancelled).toHaveLength(5);
      for (const { status, causationId, actor } of cancelled) {
        expect({ status, causationId, actor: `${actor.type} ${actor.id}` }).toEqual({
          status: 'SUCCEEDED',
          causationId: started?.receiptId ?? '',
          actor: `SYSTEM ${store.bulkRunnerId}`,
        });
      }
    }
    expect(await statuses(globex.production)).toEqual({ ACTIVE: kept.length });
    const metrics = await (await fetch(`http://127.0.0.1:${worker.metricsPort}/metrics`)).text();
    expect(metrics).toMatch(/kf_mass_cancel_parts_total\{[^}]*outcome="done"[^}]*\} 15\b/);
    expect(metrics).toMatch(/kf_bulk_rounds_total\{[^}]*outcome="completed"[^}]*\} [1-9]/);
    await worker.stop();
    expect(worker.log.lines().filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('stops at the number that was approved, when more match', async () => {
    const { sandbox: store } = await workerWorld.createTenant('Bound');
    await holds(store, 12);
    const massCancelId = await start(store, { expectedCount: 7 });
    const runner = bulkRunner();
    expect(await runner.round()).toMatchObject({ operations: 1, ended: 1 });
    expect(await progress(massCancelId)).toEqual({ status: 'STOPPED_AT_BOUND', cancelled: 7 });
    expect(await statuses(store)).toEqual({ CANCELLED: 7, ACTIVE: 5 });
    expect(runner.parts).toEqual(Array.from({ length: 7 }, () => 'done'));
    expect(await bulkRunner().round()).toMatchObject({ operations: 0 });
  });

  test('that reaches the number exactly, or does not find so many, is complete', async () => {
    const { sandbox: store } = await workerWorld.createTenant('Exact');
    await holds(store, 4);
    const exact = await start(store, { expectedCount: 4 });
    await bulkRunner().round();
    expect(await progress(exact)).toEqual({ status: 'COMPLETED', cancelled: 4 });
    await holds(store, 2);
    const fewer = await start(store, { expectedCount: 9 });
    await bulkRunner().round();
    expect(await progress(fewer)).toEqual({ status: 'COMPLETED', cancelled: 2 });
    const none = await start(store, { expectedCount: 9 });
    await bulkRunner().round();
    expect(await progress(none)).toEqual({ status: 'COMPLETED', cancelled: 0 });
  });

  test('goes on wherever a process died, and cancels nothing twice', async () => {
    const { sandbox: store } = await workerWorld.createTenant('Crash');
    const before = await store.reserved();
    for (let commands = 0; commands <= 9; commands += 1) {
      await holds(store, 8);
      const massCancelId = await start(store, { expectedCount: 8 });
      // The ninth command is the one that ends the operation.
      const dying = world.dyingAfter(commands);
      await bulkRunner({ executor: dying.executor }).round();
      const left = await progress(massCancelId);
      expect(left).toEqual({
        status: commands === 9 ? 'COMPLETED' : 'RUNNING',
        cancelled: Math.min(8, commands),
      });
      expect(dying.died()).toBe(commands < 9);
      await bulkRunner().round();
      expect(await progress(massCancelId)).toEqual({ status: 'COMPLETED', cancelled: 8 });
    }
    expect(await store.reserved()).toBe(before);
    expect(await receipts(store, 'reservation.cancel_part')).toHaveLength(80);
  });

  test('by several workers at once has one effect for each reservation', async () => {
    const { sandbox: store } = await workerWorld.createTenant('Several');
    await holds(store, 80);
    const massCancelId = await start(store, { expectedCount: 60 });
    const workers = await Promise.all([workerWorld.start(), workerWorld.start(), workerWorld.start()]);
    const condition = async () => (await progress(massCancelId)).status !== 'RUNNING';
    await waitUntil({ what: 'the operation ends', condition });
    await Promise.all(workers.map((worker) => worker.stop()));
    expect(await progress(massCancelId)).toEqual({ status: 'STOPPED_AT_BOUND', cancelled: 60 });
    expect(await statuses(store)).toEqual({ CANCELLED: 60, ACTIVE: 20 });
    const succeeded = (await receipts(store, 'reservation.cancel_part')).filter(({ status }) => status === 'SUCCEEDED');
    expect(succeeded).toHaveLength(60);
  });

  test('stops when a human says so, between two reservations', async () => {
    const { sandbox: store } = await workerWorld.createTenant('Stopped');
    await holds(store, 10);
    const massCancelId = await start(store, { expectedCount: 10 });
    let sent = 0;
    const stopping: Executor = {
      ...world.executor,
      execute: async (command, metadata) => {
        sent += 1;
        if (sent === 5) await store.run('reservation.stop_mass_cancel', { massCancelId });
        return world.executor.execute(command, metadata);
      },
    };
    // A stretch of one reservation at a time, so that there is something to stop between.
    await bulkRunner({ executor: stopping, looked: 1 }).round();
    expect(await progress(massCancelId)).toEqual({ status: 'STOPPED', cancelled: 4 });
    expect(await statuses(store)).toEqual({ CANCELLED: 4, ACTIVE: 6 });
    expect(await bulkRunner().round()).toMatchObject({ operations: 0 });
  });

  test('looks through many reservations in several visits, and forgets none', async () => {
    const { sandbox: store } = await workerWorld.createTenant('Long');
    await holds(store, 60);
    const massCancelId = await start(store, { expectedCount: 60 });
    const runner = bulkRunner({ looked: 1 });
    for (const cancelled of [20, 40, 60]) {
      await runner.round();
      expect(await progress(massCancelId)).toEqual({ status: 'RUNNING', cancelled });
    }
    await runner.round();
    expect(await progress(massCancelId)).toEqual({ status: 'COMPLETED', cancelled: 60 });
  });

  test('begins again from the front when a part went wrong on the way', async () => {
    const { sandbox: store } = await workerWorld.createTenant('Wrong');
    await holds(store, 6);
    const massCancelId = await start(store, { expectedCount: 6 });
    let sent = 0;
    const failing: Executor = {
      ...world.executor,
      execute: async (command, metadata) => {
        sent += 1;
        if (sent === 2) return { kind: 'rejected', code: 'overloaded', detail: 'full' };
        return world.executor.execute(command, metadata);
      },
    };
    const runner = bulkRunner({ executor: failing, looked: 2 });
    await runner.round();
    expect(await progress(massCancelId)).toEqual({ status: 'RUNNING', cancelled: 5 });
    await runner.round();
    expect(await progress(massCancelId)).toEqual({ status: 'COMPLETED', cancelled: 6 });
  });
});

describe('an operation that cannot go on', () => {
  test('waits for its principal, is told of once, and stays in the queue until it has ended', async () => {
    const { sandbox: store } = await workerWorld.createTenant('Missing');
    await holds(store, 3);
    const rename = (from: string, to: string) =>
      workerWorld.admin.query(
        "set session_replication_role = 'replica'; " +
          `update kf.principals set handle = '${to}' where handle = '${from}' and tenant_id = '${store.tenantId.slice(4)}'; ` +
          'reset session_replication_role',
      );
    const massCancelId = await start(store, { expectedCount: 3 });
    await rename(bulkRunnerHandle, 'gone');
    const runner = bulkRunner();
    await runner.round();
    await runner.round();
    expect(runner.parts).toEqual([]);
    const told = runner.log.lines().filter(({ message }) => message === 'operations of an environment do not go on');
    expect(told).toMatchObject([{ level: 'error', reason: 'principal_missing' }]);
    // However long it waits: its minute is not removed, although no hold ends in it.
    expect(await buckets(store)).toBeGreaterThan(0);
    const hour = 3_600_000;
    await clearBuckets(world.database, store, -hour);
    expect(await buckets(store)).toBeGreaterThan(0);
    await rename('gone', bulkRunnerHandle);
    await runner.round();
    expect(await progress(massCancelId)).toEqual({ status: 'COMPLETED', cancelled: 3 });
    await clearBuckets(world.database, store, -hour);
    expect(await buckets(store)).toBe(0);
  });

  test('does not keep the other environments waiting', async () => {
    const [{ sandbox: broken }, { sandbox: store }] = await Promise.all([
      workerWorld.createTenant('Broken'),
      workerWorld.createTenant('Well'),
    ]);
    await Promise.all([holds(broken, 2), holds(store, 2)]);
    const [stuck, well] = await Promise.all([start(broken, { expectedCount: 2 }), start(store, { expectedCount: 2 })]);
    const failing: Executor = {
      ...world.executor,
      execute: async (command, metadata) => {
        if (metadata.caller.tenantId === broken.tenantId) throw new Error('broken');
        return world.executor.execute(command, metadata);
      },
    };
    const runner = bulkRunner({ executor: failing });
    await runner.round();
    expect(await progress(stuck)).toEqual({ status: 'RUNNING', cancelled: 0 });
    expect(await progress(well)).toEqual({ status: 'COMPLETED', cancelled: 2 });
    expect(runner.log.lines().some(({ message }) => String(message).includes('could not go on'))).toBe(true);
    await bulkRunner().round();
    expect(await progress(stuck)).toEqual({ status: 'COMPLETED', cancelled: 2 });
  });
});

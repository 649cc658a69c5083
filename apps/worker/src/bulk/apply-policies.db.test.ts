import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { responseOf } from '@karmanflow/commands/testing';
import { waitUntil } from '@karmanflow/runtime/testing';
import type { Store, WorkerWorld } from '../testing/worker-world.ts';
import { type BulkWorld, createBulkWorld } from './testing/bulk-world.ts';

setDefaultTimeout(90_000);

let world: BulkWorld;
let workerWorld: WorkerWorld;
beforeAll(async () => {
  world = await createBulkWorld();
  ({ workerWorld } = world);
});
afterAll(() => world.close());
afterEach(async () => expect(await world.complaints()).toEqual([]));

describe('an oversell policy', () => {
  async function variantOf(store: Store): Promise<string> {
    const { rows } = await workerWorld.admin.query(
      'select id from kf.variants where tenant_id = $1 and environment_id = $2',
      [store.tenantId.slice(4), store.environmentId.slice(4)],
    );
    return `var_${rows[0].id}`;
  }

  async function limitsOf(variantId: string): Promise<Record<string, number>> {
    const { rows } = await workerWorld.admin.query(
      'select oversell_limit, count(*)::int as n from kf.inventory_levels where variant_id = $1 group by 1',
      [variantId.slice(4)],
    );
    return Object.fromEntries(rows.map((row) => [String(row.oversell_limit), row.n]));
  }

  async function spread(store: Store, variantId: string, count: number): Promise<string[]> {
    const places = await Promise.all(
      Array.from({ length: count }, async (_one, index) => {
        const made = await store.run('inventory.register_location', { code: `P-${index}`, name: 'Place' });
        return String(responseOf(made)['locationId']);
      }),
    );
    await Promise.all(
      places.map(async (locationId) =>
        responseOf(await store.run('inventory.adjust', { variantId, locationId, delta: 1, reason: 'received' })),
      ),
    );
    return places;
  }

  test('comes to all levels of its variant in bounded steps, also when the process dies on the way', async () => {
    const { sandbox: store } = await workerWorld.createTenant('Policy');
    const variantId = await variantOf(store);
    await spread(store, variantId, 119);
    await world.unapproved(store, 'inventory.set_oversell_policy', {
      scope: 'VARIANT',
      variantId,
      mode: 'LIMIT',
      quantity: 4,
    });
    const dying = world.dyingAfter(1);
    await world.bulkRunner({ executor: dying.executor }).round();
    expect(await limitsOf(variantId)).toEqual({ '4': 50, '0': 70 });
    const report = await world.bulkRunner().round();
    expect(await limitsOf(variantId)).toEqual({ '4': 120 });
    expect(report).toMatchObject({ operations: 1, ended: 1 });
    const applied = await world.receipts(store, 'inventory.apply_oversell_policy');
    expect(applied.map(({ status }) => status)).toEqual(Array.from({ length: 4 }, () => 'SUCCEEDED'));
    expect(await world.bulkRunner().round()).toMatchObject({ operations: 0 });
  });

  test('stays under way until no transaction from before can open a level any more', async () => {
    const { sandbox: store } = await workerWorld.createTenant('Settle');
    const variantId = await variantOf(store);
    const made = await store.run('inventory.register_location', { code: 'LATE', name: 'Late' });
    const late = { variantId, locationId: String(responseOf(made)['locationId']) };
    // A transaction that opens a level, and cannot go on after it has read which policies there are.
    const { admin } = workerWorld;
    await admin.query('begin');
    await admin.query('lock table kf.stock_movements in share mode');
    const opening = store.run('inventory.adjust', { ...late, delta: 1, reason: 'received' });
    const blocked =
      "select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
    await waitUntil({ what: 'it waits', condition: async () => (await admin.query(blocked)).rows[0].n > 0 });
    // By another process, which does not queue behind the one that waits.
    const other = workerWorld.world.executorWith({});
    const policy = { scope: 'VARIANT', variantId, mode: 'LIMIT', quantity: 4 };
    await world.unapproved(store, 'inventory.set_oversell_policy', policy, other);
    await other.drain();
    const patient = world.bulkRunner({ settleMilliseconds: 3_600_000 });
    expect(await patient.round()).toMatchObject({ operations: 1, ended: 0 });
    expect(await limitsOf(variantId)).toEqual({ '4': 1 });
    await admin.query('commit');
    expect(responseOf(await opening)).toMatchObject({ availableToPromise: 1 });
    expect(await limitsOf(variantId)).toEqual({ '0': 1, '4': 1 });
    expect(await patient.round()).toMatchObject({ operations: 1, ended: 0 });
    expect(await limitsOf(variantId)).toEqual({ '4': 2 });
    expect(await world.bulkRunner().round()).toMatchObject({ operations: 1, ended: 1 });
  });

  test('that only waits to be settled is not looked at each time, and is ended in time all the same', async () => {
    const { sandbox: store } = await workerWorld.createTenant('Patient');
    const variantId = await variantOf(store);
    await world.unapproved(store, 'inventory.set_oversell_policy', { variantId, mode: 'LIMIT', quantity: 2 });
    let milliseconds = 0;
    let reads = 0;
    const { database } = world;
    const counted: typeof database = {
      ...database,
      read: (scope, work) => {
        reads += 1;
        return database.read(scope, work);
      },
    };
    const patient = world.bulkRunner({
      database: counted,
      settleMilliseconds: 3_600_000,
      lookAgainMilliseconds: 15_000,
      monotonicNow: () => milliseconds,
    });
    const readsOf = async (at: number): Promise<number> => {
      milliseconds = at;
      reads = 0;
      await patient.round();
      return reads;
    };
    await readsOf(0);
    expect(await limitsOf(variantId)).toEqual({ '2': 1 });
    const quiet = await readsOf(14_999);
    // One more: the levels.
    expect(await readsOf(15_000)).toBe(quiet + 1);
    expect(await readsOf(29_999)).toBe(quiet);
    expect(await world.bulkRunner().round()).toMatchObject({ operations: 1, ended: 1 });
  });
});

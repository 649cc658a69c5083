import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { PoolClient } from 'pg';
import { type Database, type Id, idShape, openDatabase, type RefusalCode } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, type AnyCommand, defineCommand } from '../definition/command.ts';
import { rowsWhere } from '../definition/entity.ts';
import { createRegistry, defineFeature } from '../definition/registry.ts';
import { inventoryLevel, onHandAdjusted, variant, variantRegistered } from '../features/inventory/index.ts';
import { registry } from '../registry.ts';
import { metadataFor, proveHistory } from '../testing/index.ts';
import {
  createStockedWorld,
  type Level,
  type StockedWorld,
  tally,
  until,
  untilBlocked,
  watch,
} from '../testing/stocked-world.ts';
import type { Executor, ExecutorPorts } from './executor.ts';
import type { Outcome } from './outcome.ts';
import { parseCommand } from './parse-command.ts';

interface LevelKey {
  readonly variantId: Id<'variant'>;
  readonly locationId: Id<'location'>;
}
const levelKey = v.strictObject({ variantId: idShape('variant'), locationId: idShape('location') });
/** Every probe begins with this row, which does not exist: so they share a lane, and contend for nothing there. */
const sameLane = rowsWhere(variant, { sku: 'LANE' });
const counted = (key: LevelKey) => onHandAdjusted.of({ ...key, delta: 1, reason: 'counted' });

const shared = {
  version: 1,
  summary: 'For tests.',
  risk: 'R1',
  scope: 'inventory.level:adjust',
  environment: 'caller',
  output: v.strictObject({}),
} as const;

const register = defineCommand<{ sku: string }, object, RefusalCode>({
  ...shared,
  type: 'probe.register',
  input: v.strictObject({ sku: v.string() }),
  refusals: ['sku_taken'],
  load: ({ sku }) => [sameLane, rowsWhere(variant, { sku })],
  decide: (_state, { sku }, ctx) =>
    accept({ events: [variantRegistered.of({ variantId: ctx.newId('variant'), sku, name: 'n' })], response: {} }),
});

const countNow = defineCommand<LevelKey, object, RefusalCode>({
  ...shared,
  type: 'probe.count',
  input: levelKey,
  refusals: [],
  load: (key) => [sameLane, rowsWhere(inventoryLevel, key)],
  decide: (_state, key) => accept({ events: [counted(key)], response: {} }),
});

/** Finds its level only after its first rows were read, as releasing a reservation does. */
const countLater = defineCommand<LevelKey, object, RefusalCode>({
  ...shared,
  type: 'probe.count_later',
  input: levelKey,
  refusals: [],
  load: () => [sameLane],
  loadNext: (key) => [rowsWhere(inventoryLevel, key)],
  decide: (_state, key) => accept({ events: [counted(key)], response: {} }),
});

const withProbes = createRegistry([
  ...registry.features,
  defineFeature({
    name: 'probe',
    commands: [register, countNow, countLater] as unknown as AnyCommand[],
    queries: [],
    events: [],
    entities: [],
    agentSurface: { summary: 'For tests.' },
  }),
]);

let stocked: StockedWorld;
const opened: Database[] = [];

beforeAll(async () => {
  stocked = await createStockedWorld();
});
afterAll(async () => {
  await Promise.all(opened.map((database) => database.close()));
  await stocked.close();
});

/** Stops the second statement of a transaction that locks levels until `pass` says that it may go on. */
function stopAtSecondLock(client: PoolClient, pass: () => Promise<void>): PoolClient {
  let locks = 0;
  const query = async (statement: string | { name?: string }) => {
    const isLock = typeof statement !== 'string' && /inventory_levels.*_locked$/.test(statement.name ?? '');
    if (isLock) locks += 1;
    if (isLock && locks === 2) await pass();
    return client.query(statement as string);
  };
  // Of a client, the executor uses `query` alone.
  return Object.assign(Object.create(client), { query }) as PoolClient;
}

/** An executor over a pool of its own that tells which statements the server refused. */
function watchedExecutor(change: Partial<ExecutorPorts> & { pass?: () => Promise<void> } = {}): {
  executor: Executor;
  states: string[];
} {
  const { pass, ...ports } = change;
  const states: string[] = [];
  const database = openDatabase({
    url: stocked.world.testDatabase.urlFor('kf_command'),
    applicationName: 'kf-test-watched',
  });
  opened.push(database);
  const watched: Database = {
    ...database,
    connection: (work) =>
      database.connection((client, discard) =>
        work(pass ? stopAtSecondLock(client, pass) : client, discard).catch((error: unknown) => {
          states.push(error instanceof Error && 'code' in error ? String(error.code) : String(error));
          throw error;
        }),
      ),
  };
  return { executor: stocked.world.executorWith({ registry: withProbes, database: watched, ...ports }), states };
}

async function send(executor: Executor, command: { type: string }, input: unknown): Promise<Outcome> {
  const definition = withProbes.commands.get(command.type);
  const parsed = definition && parseCommand(definition, input);
  if (!parsed?.ok) throw new Error(`${command.type} does not parse`);
  return executor.execute(parsed.command, metadataFor(stocked.tenant.caller));
}

describe('two processes that want the same things in opposite order', () => {
  test('lines of reservations: each waits for the other at most once, and none in a circle', async () => {
    const levels = await Promise.all(Array.from({ length: 6 }, () => stocked.stock(10_000)));
    const sides = [watchedExecutor(), watchedExecutor()] as const;
    const lines = levels.map((level) => ({ ...level, quantity: 1 }));
    const reserve = (executor: Executor, order: typeof lines) =>
      stocked.tenant.run('reservation.create', { lines: order }, { executor });
    const outcomes: Outcome[] = [];
    for (let round = 0; round < 10; round += 1) {
      const sent = Array.from({ length: 12 }, (_, index) => {
        const turned = [...lines.slice(index % 6), ...lines.slice(0, index % 6)];
        return index % 2 === 0 ? reserve(sides[0].executor, turned) : reserve(sides[1].executor, turned.toReversed());
      });
      outcomes.push(...(await Promise.all(sent)));
    }
    expect(tally(outcomes)).toEqual({ SUCCEEDED: 120 });
    expect(sides.map(({ states }) => states)).toEqual([[], []]);
    for (const level of levels) expect(await stocked.levelOf(level)).toMatchObject({ reserved: 120 });
  }, 90_000);

  test('new rows of one table: unique values are written in one order, too', async () => {
    const [one, other] = [watchedExecutor(), watchedExecutor()];
    const rival = await stocked.world.testDatabase.admin();
    await rival.query('begin');
    // Somebody else's rows stop each side in the middle of its statement, so that both are there at the same time.
    for (const sku of ['STOP-1', 'STOP-2']) {
      await rival.query(
        `insert into kf.variants select tenant_id, environment_id, gen_random_uuid(), $1, name, version, created_at, updated_at,
          receipt_id, written_in from kf.variants limit 1`,
        [sku],
      );
    }
    const sideOf = (side: { executor: Executor }, skus: readonly string[]) =>
      skus.map((sku) => send(side.executor, register, { sku }));
    // The first starts a transaction of its own; the rest form one batch behind it.
    const sent = [...sideOf(one, ['FIRST-1', 'A', 'STOP-1', 'B']), ...sideOf(other, ['FIRST-2', 'B', 'STOP-2', 'A'])];
    await untilBlocked(stocked.admin, 2);
    await rival.query('rollback');
    await rival.end();
    const outcomes = await Promise.all(sent);
    expect([...one.states, ...other.states]).not.toContain('40P01');
    // This probe does not look whether the SKU is taken, so one of each pair fails for good.
    expect(tally(outcomes)).toEqual({ SUCCEEDED: 6, internal_error: 2 });
  }, 90_000);

  test('levels that both open: their first rows are written in one order, too', async () => {
    const sides = [watchedExecutor(), watchedExecutor()] as const;
    const unopened = await Promise.all(['low', 'high', 'stop', 'stop too'].map(() => stocked.stock(0)));
    const [low, high, stop, stopToo] = unopened.toSorted((a, b) => (a.variantId < b.variantId ? -1 : 1)) as [
      Level,
      Level,
      Level,
      Level,
    ];
    const other = await stocked.stock(1);
    const rival = await stocked.world.testDatabase.admin();
    await rival.query('begin');
    for (const { variantId } of [stop, stopToo]) {
      await rival.query(
        `insert into kf.inventory_levels select tenant_id, environment_id, $1, location_id, on_hand, reserved, allocated, damaged,
          quality_control, incoming, safety_stock, oversell_limit, shortfall, version, created_at, updated_at, receipt_id, written_in
          from kf.inventory_levels where variant_id = $2`,
        [variantId.slice(4), other.variantId.slice(4)],
      );
    }
    const count = (side: { executor: Executor }, levels: readonly Level[]) =>
      levels.map((level) => send(side.executor, countNow, level));
    const sent = [...count(sides[0], [other, high, stop, low]), ...count(sides[1], [other, low, stopToo, high])];
    await untilBlocked(stocked.admin, 2);
    await rival.query('rollback');
    await rival.end();
    expect(tally(await Promise.all(sent))).toEqual({ SUCCEEDED: 8 });
    expect(sides.flatMap(({ states }) => states)).not.toContain('40P01');
    for (const level of [low, high]) expect(await stocked.levelOf(level)).toMatchObject({ onHand: 2, version: 2 });
  }, 90_000);

  test('rows that only other rows name: they come in the same order as those that were known at once', async () => {
    const levels: Level[] = (await Promise.all([stocked.stock(1), stocked.stock(1)])).toSorted((a, b) =>
      a.variantId < b.variantId ? -1 : 1,
    );
    const [low, high] = levels as [Level, Level];
    const watching = [watch(), watch()] as const;
    // Both sides have their first locks before either asks for its second ones; unless one cannot even have the first.
    const both = Promise.withResolvers<void>();
    let arrived = 0;
    const pass = () => {
      arrived += 1;
      if (arrived === 2) both.resolve();
      return Promise.race([both.promise, Bun.sleep(500)]);
    };
    const sides = [
      watchedExecutor({ observer: watching[0].observer, pass }),
      watchedExecutor({ observer: watching[1].observer, pass }),
    ] as const;
    const holds = await Promise.all(levels.map((level) => stocked.hold(level)));
    // Each side locks its first level, and asks for the other one afterwards.
    const sent = [send(sides[0].executor, countNow, high), send(sides[1].executor, countNow, low)];
    await untilBlocked(stocked.admin, 2);
    const sendAgain = () => {
      sent.push(send(sides[0].executor, countNow, high), send(sides[0].executor, countLater, low));
      sent.push(send(sides[1].executor, countNow, low), send(sides[1].executor, countLater, high));
    };
    // Those that follow have a lane of their own, where the first one runs already.
    sendAgain();
    await until(() => sides.every(({ executor }) => executor.load().running === 2));
    for (let round = 1; round < 8; round += 1) sendAgain();
    await until(() => sides.every(({ executor }) => executor.load().waiting === 15));
    await Promise.all(holds.map((hold) => hold.release()));
    expect(tally(await Promise.all(sent))).toEqual({ SUCCEEDED: 34 });
    for (const { batches } of watching) {
      expect(batches.map((batch) => batch.commands).toSorted((one, other) => one - other)).toEqual([1, 1, 7, 8]);
    }
    expect(sides.map(({ states }) => states)).toEqual([[], []]);
    for (const level of levels) expect(await stocked.levelOf(level)).toMatchObject({ onHand: 18 });
  }, 90_000);
});

test('afterwards every receipt verifies, and the events rebuild the tables', async () => {
  const proof = await proveHistory({ adminUrl: stocked.world.testDatabase.adminUrl, signer: stocked.world.signer });
  expect(proof.complaints).toEqual([]);
  expect(proof.receipts).toBeGreaterThan(100);
});

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { type Database, openDatabase, type Scope } from '@karmanflow/schema';
import * as v from 'valibot';
import type { Executor } from '../../../executor/executor.ts';
import { registry } from '../../../registry.ts';
import { proveHistory, responseOf } from '../../../testing/index.ts';
import { asBulkRunner, runUnapproved } from '../../../testing/run-unapproved.ts';
import {
  bodyOf,
  createStockedWorld,
  type Level,
  receiptOf,
  type StockedWorld,
  tally,
  wordOf,
} from '../../../testing/stocked-world.ts';
import { readLevelsToChange, readRunningApplications } from '../index.ts';
import type { listOversellPolicies } from '../queries/oversell-policies.ts';

setDefaultTimeout(90_000);

let stocked: StockedWorld;
let neighbour: Executor;
let reading: Database;
let scope: Scope;

beforeAll(async () => {
  stocked = await createStockedWorld();
  neighbour = stocked.neighbour();
  reading = openDatabase({ url: stocked.world.testDatabase.urlFor('kf_read'), applicationName: 'kf-test-oversell' });
  scope = { tenantId: stocked.tenant.tenantId, environmentId: stocked.tenant.environments.sandbox };
});
afterAll(async () => {
  await reading.close();
  await stocked.close();
});

type Input = Record<string, unknown>;
const run = (type: string, input: Input, options: { executor?: Executor; expectedVersion?: number } = {}) =>
  runUnapproved(options.executor ?? stocked.world.executor, type, input, { caller: stocked.tenant.caller, ...options });
/** The scope that ids name, as a person would say it. */
function named(input: Input): Input {
  if (input['salesChannelId']) return { ...input, scope: 'SALES_CHANNEL' };
  if (!input['locationId']) return { ...input, scope: 'VARIANT' };
  return { ...input, scope: input['variantId'] ? 'VARIANT_LOCATION' : 'LOCATION' };
}
const set = (input: Input, options: Parameters<typeof run>[2] = {}) =>
  run('inventory.set_oversell_policy', named(input), options);
const clear = (input: Input) => run('inventory.clear_oversell_policy', named(input));

async function prove(): Promise<readonly string[]> {
  const { adminUrl } = stocked.world.testDatabase;
  return (await proveHistory({ adminUrl, signer: stocked.world.signer })).complaints;
}

async function levelRow(level: Level): Promise<Record<string, number>> {
  const { rows } = await stocked.admin.query(
    `select on_hand, reserved, oversell_limit, shortfall, version,
       on_hand - reserved - allocated - safety_stock + oversell_limit as available
     from kf.inventory_levels where variant_id = $1 and location_id = $2`,
    [level.variantId.slice(4), level.locationId.slice(4)],
  );
  return Object.fromEntries(Object.entries(rows[0] ?? {}).map(([name, value]) => [name, Number(value)]));
}

/** Carries out every application that runs, as the worker does; the grace is a matter of the worker. */
async function applyAll(): Promise<number> {
  let commands = 0;
  for (const application of await readRunningApplications(reading, scope)) {
    for (let finished = false; !finished; commands += 1) {
      const found = await readLevelsToChange(reading, scope, application);
      const levels = found.map(({ variantId, locationId }) => ({ variantId, locationId }));
      finished = levels.length === 0;
      const { scopeKey, revision } = application;
      const outcome = await runUnapproved(
        stocked.world.executor,
        'inventory.apply_oversell_policy',
        { scopeKey, revision, levels, finished },
        { caller: asBulkRunner(stocked.tenant.caller) },
      );
      expect(receiptOf(outcome).status).toBe('SUCCEEDED');
    }
  }
  return commands;
}

async function effective(input: Input) {
  const query = registry.queries.get('inventory.oversell_policies');
  if (!query) throw new Error('no such query');
  const answer = await query.run(v.parse(query.input, input) as never, {
    ...scope,
    scope,
    database: reading,
    registry,
  });
  return v.parse(query.output, answer) as v.InferOutput<typeof listOversellPolicies.output>;
}

describe('a policy', () => {
  test('waits for a human, and does what was approved', async () => {
    const level = await stocked.stock(2);
    const asked = await stocked.tenant.run(
      'inventory.set_oversell_policy',
      named({ ...level, mode: 'LIMIT', quantity: 3 }),
    );
    expect(bodyOf(asked).status).toBe('PENDING_APPROVAL');
    expect((await levelRow(level))['oversell_limit']).toBe(0);
    const { approvalId } = JSON.parse(Buffer.from(receiptOf(asked).response ?? []).toString('utf8'));
    const ada = await stocked.tenant.signIn('ada');
    await stocked.tenant.succeed('approval.approve', { approvalId }, { caller: ada });
    expect(await levelRow(level)).toMatchObject({ oversell_limit: 3, available: 5 });
    expect(wordOf(await stocked.reserve(level, 5))).toBe('SUCCEEDED');
    expect(wordOf(await stocked.reserve(level, 1))).toBe('stock_insufficient');
  });

  test('is one row for each scope, however many set it first at once', async () => {
    const level = await stocked.stock(1);
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, (_one, index) =>
        set(
          { ...level, mode: 'LIMIT', quantity: index + 1 },
          { executor: index % 2 ? neighbour : stocked.world.executor },
        ),
      ),
    );
    expect(tally(outcomes)).toEqual({ SUCCEEDED: 12 });
    const responses = outcomes.map(responseOf);
    expect(new Set(responses.map(({ oversellPolicyId }) => oversellPolicyId)).size).toBe(1);
    expect(responses.map(({ version }) => Number(version)).toSorted((one, other) => one - other)).toEqual(
      Array.from({ length: 12 }, (_one, index) => index + 1),
    );
    const last = responses.find(({ version }) => Number(version) === 12);
    expect((await levelRow(level))['oversell_limit']).toBe(Number(last?.['quantity']));
  });

  test('is set on the version that was seen, or not at all', async () => {
    const { variantId } = await stocked.stock(1);
    expect(wordOf(await set({ variantId, mode: 'LIMIT', quantity: 1 }))).toBe('SUCCEEDED');
    expect(wordOf(await set({ variantId, mode: 'STRICT' }, { expectedVersion: 2 }))).toBe('version_conflict');
    expect(wordOf(await set({ variantId, mode: 'STRICT' }, { expectedVersion: 1 }))).toBe('SUCCEEDED');
  });
});

describe('the levels that a policy is for', () => {
  test('come to it step by step, and each has the limit of the scope that decides about it', async () => {
    const { variantId } = await stocked.stock(4);
    const places = await Promise.all(
      Array.from({ length: 60 }, (_one, index) =>
        stocked.tenant.succeed('inventory.register_location', { code: `P-${index}`, name: 'Place' }),
      ),
    );
    const levels = places.map(({ locationId }) => ({ variantId, locationId: String(locationId) }));
    await Promise.all(
      levels.map((level) => stocked.tenant.succeed('inventory.adjust', { ...level, delta: 1, reason: 'received' })),
    );
    const [own, byLocation, ...rest] = levels;
    if (!own || !byLocation) throw new Error('too few levels');
    expect(tally([await set({ ...own, mode: 'LIMIT', quantity: 9 })])).toEqual({ SUCCEEDED: 1 });
    await set({ locationId: byLocation.locationId, mode: 'LIMIT', quantity: 5 });
    await applyAll();
    expect((await levelRow(byLocation))['oversell_limit']).toBe(5);
    await set({ variantId, mode: 'BACKORDER', quantity: 7 });
    // Not at once: there may be very many.
    expect((await levelRow(rest[0] ?? own))['oversell_limit']).toBe(0);
    expect(await applyAll()).toBeGreaterThan(2);
    for (const level of [byLocation, ...rest]) expect((await levelRow(level))['oversell_limit']).toBe(7);
    expect((await levelRow(own))['oversell_limit']).toBe(9);
    expect(await effective({ ...own, limit: '5' })).toMatchObject({
      effective: { decidedBy: 'VARIANT_LOCATION', mode: 'LIMIT', quantity: 9, oversellLimit: 9, throughChannel: null },
    });
    // Taken back, the next scope decides.
    await clear({ variantId });
    await clear(own);
    await applyAll();
    expect((await levelRow(byLocation))['oversell_limit']).toBe(5);
    for (const level of [own, ...rest]) expect((await levelRow(level))['oversell_limit']).toBe(0);
    expect(await effective({ ...own })).toMatchObject({
      effective: { decidedBy: null, mode: 'STRICT', oversellLimit: 0 },
    });
    expect(await readRunningApplications(reading, scope)).toEqual([]);
    expect(await prove()).toEqual([]);
  });

  test('are complained about when one has another limit and nothing is under way', async () => {
    const level = await stocked.stock(1);
    await stocked.admin.query("SET session_replication_role = 'replica'");
    const change = 'update kf.inventory_levels set oversell_limit = $2 where variant_id = $1';
    await stocked.admin.query(change, [level.variantId.slice(4), 4]);
    expect((await prove()).some((one) => one.includes('has not the oversell limit'))).toBe(true);
    await stocked.admin.query(change, [level.variantId.slice(4), 0]);
    await stocked.admin.query('RESET session_replication_role');
  });

  test('take the policy at once when they are opened after it', async () => {
    const { locationId } = await stocked.stock(1);
    const made = await stocked.tenant.succeed('inventory.register_variant', { sku: 'LATE', name: 'Late' });
    const level = { variantId: String(made['variantId']), locationId };
    await set({ variantId: level.variantId, mode: 'LIMIT', quantity: 6 });
    const opened = await stocked.tenant.succeed('inventory.adjust', { ...level, delta: 1, reason: 'received' });
    expect(opened).toMatchObject({ availableToPromise: 7, version: 2 });
    expect(await levelRow(level)).toMatchObject({ oversell_limit: 6, version: 2 });
  });
});

test('lowering and raising a limit while others reserve: no reservation ever promises beyond it', async () => {
  const level = await stocked.stock(30);
  await set({ ...level, mode: 'LIMIT', quantity: 40 });
  const limits = [25, 0, 10, 3, 40, 0, 15, 5];
  const outcomes = await Promise.all([
    ...Array.from({ length: 160 }, (_one, index) =>
      stocked.reserve(level, 1, { executor: index % 2 ? neighbour : stocked.world.executor }),
    ),
    ...limits.map(async (quantity, index) => {
      await Bun.sleep(index * 4);
      const executor = index % 2 ? neighbour : stocked.world.executor;
      return set({ ...level, mode: quantity > 0 ? 'LIMIT' : 'STRICT', quantity }, { executor });
    }),
  ]);
  const reserved = outcomes.slice(0, 160);
  expect(tally(outcomes.slice(160))).toEqual({ SUCCEEDED: limits.length });
  const counts = tally(reserved);
  expect((counts['SUCCEEDED'] ?? 0) + (counts['stock_insufficient'] ?? 0)).toBe(160);
  const row = await levelRow(level);
  expect(row['reserved']).toBe(counts['SUCCEEDED'] ?? 0);
  expect(row['shortfall']).toBe(Math.max(0, -(row['available'] ?? 0)));
  // Event by event, at the place that each had: whoever reserved found room for it under the limit of that moment.
  const { rows } = await stocked.admin.query(
    `select body from kf.domain_events where tenant_id = $1 and type in ('inventory.reservation.created',
       'inventory.level.adjusted', 'inventory.level.oversell_limit_set')`,
    [stocked.tenant.tenantId.slice(4)],
  );
  const id = `${level.variantId}:${level.locationId}`;
  const steps = rows
    .map((one) => JSON.parse(one.body.toString('utf8')))
    .flatMap((event) =>
      event.entities.filter((one: { id: string }) => one.id === id).map((one: object) => ({ ...one, event })),
    )
    .toSorted((one, other) => one.version - other.version);
  let [onHand, promised, limit] = [0, 0, 0];
  for (const { event } of steps) {
    if (event.eventType === 'inventory.level.adjusted') onHand += event.data.delta;
    else if (event.eventType === 'inventory.reservation.created') {
      promised += event.data.lines.length;
      expect(promised).toBeLessThanOrEqual(onHand + limit);
    } else limit = event.data.levels[0].oversellLimit;
  }
  expect(steps.length).toBeGreaterThan(30);
  expect(promised).toBe(row['reserved'] ?? -1);
  expect(await prove()).toEqual([]);
});

describe('a sales channel', () => {
  test('narrows what is promised through it, as the query says and as ingest finds it', async () => {
    const level = await stocked.stock(2);
    const made = await stocked.tenant.succeed('inventory.register_channel', {
      code: 'narrow',
      name: 'Narrow',
      locations: [{ locationId: level.locationId }],
    });
    const salesChannelId = String(made['salesChannelId']);
    await set({ ...level, mode: 'LIMIT', quantity: 10 });
    await set({ salesChannelId, mode: 'LIMIT', quantity: 3 });
    const availability = registry.queries.get('inventory.availability');
    const ask = () =>
      availability?.run({ variantId: level.variantId, salesChannelId } as never, {
        ...scope,
        scope,
        database: reading,
        registry,
      });
    expect(await ask()).toMatchObject({ channels: [{ availableToPromise: 5 }] });
    expect(await effective({ ...level, salesChannelId })).toMatchObject({
      effective: { quantity: 10, throughChannel: 3 },
    });
    const database = openDatabase({
      url: stocked.world.testDatabase.urlFor('kf_ingest'),
      applicationName: 'kf-test-ingest',
    });
    const ingest = stocked.world.executorWith({ database });
    const sell = (quantity: number) =>
      stocked.tenant.run(
        'reservation.create',
        { salesChannelId, lines: [{ ...level, quantity }] },
        { executor: ingest },
      );
    expect(wordOf(await sell(6))).toBe('stock_insufficient');
    expect(wordOf(await sell(5))).toBe('SUCCEEDED');
    expect(await ask()).toMatchObject({ channels: [{ availableToPromise: 0 }] });
    // Others may still use what the level allows.
    expect(wordOf(await stocked.reserve(level, 7))).toBe('SUCCEEDED');
    await clear({ salesChannelId });
    expect(wordOf(await sell(1))).toBe('stock_insufficient');
    await ingest.drain();
    await database.close();
    expect(await prove()).toEqual([]);
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { idShape, type Id, type RefusalCode } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, type AnyCommand, type CommandDefinition, defineCommand, refuse } from '../definition/command.ts';
import { rowsWhere } from '../definition/entity.ts';
import { createRegistry, defineFeature } from '../definition/registry.ts';
import { inventoryLevel, variantRegistered } from '../features/inventory/index.ts';
import { reservationCreated } from '../features/reservation/index.ts';
import { registry } from '../registry.ts';
import { metadataFor, proveHistory } from '../testing/index.ts';
import {
  createStockedWorld,
  type Level,
  type StockedWorld,
  tally,
  untilBlocked,
  watch,
  wordOf,
} from '../testing/stocked-world.ts';
import type { Executor } from './executor.ts';
import type { Outcome } from './outcome.ts';
import { parseCommand } from './parse-command.ts';

interface ProbeInput {
  readonly variantId: Id<'variant'>;
  readonly locationId: Id<'location'>;
}
type Probe = CommandDefinition<ProbeInput, object>;

/** A command that wants the same level as its neighbours, so that it stands in their lane, and then does what it should not. */
function probe(name: string, change: Partial<Probe>): Probe {
  return defineCommand<ProbeInput, object, RefusalCode>({
    type: `probe.${name}`,
    version: 1,
    summary: 'For tests.',
    risk: 'R1',
    scope: 'inventory.reservation:create',
    environment: 'caller',
    input: v.strictObject({ variantId: idShape('variant'), locationId: idShape('location') }),
    output: v.strictObject({}),
    refusals: ['stock_insufficient'],
    load: ({ variantId, locationId }) => [rowsWhere(inventoryLevel, { variantId, locationId })],
    decide: () => accept({ events: [], response: {} }),
    ...change,
  });
}

const bug = (): never => {
  throw new Error('a bug of the feature');
};
const reserved = (input: ProbeInput, ctx: { newId(kind: 'reservation'): Id<'reservation'> }, quantity: number) =>
  reservationCreated.of({
    reservationId: ctx.newId('reservation'),
    salesChannelId: null,
    reference: null,
    expiresAt: '2027-01-01T00:00:00.000Z',
    lines: [{ ...input, quantity }],
  });

/** What offends, and how often its whole batch has to be tried for it. */
const probes: Probe[] = [
  probe('throws', { decide: bug }),
  probe('throws_no_error', {
    decide: () => {
      // eslint-disable-next-line no-throw-literal -- features of others may do it
      throw 'text';
    },
  }),
  probe('refuses_undeclared', { decide: () => refuse('sku_taken') }),
  probe('emits_unknown', {
    decide: () => accept({ events: [{ type: 'probe.thing.happened', data: {} }], response: {} }),
  }),
  probe('emits_half', {
    decide: (_state, input, ctx) =>
      accept({ events: [reserved(input, ctx, 1), { type: 'probe.thing.happened', data: {} }], response: {} }),
  }),
  probe('moves_nothing', {
    decide: (_state, input, ctx) =>
      accept({ events: [reserved({ ...input, variantId: ctx.newId('variant') }, ctx, 1)], response: {} }),
  }),
  probe('answers_no_json', {
    decide: (_state, input, ctx) => accept({ events: [reserved(input, ctx, 1)], response: { value: 1n } }),
  }),
  probe('answers_too_much', {
    decide: (_state, input, ctx) =>
      accept({ events: [reserved(input, ctx, 1)], response: { value: 'x'.repeat(70_000) } }),
  }),
  probe('says_too_much', {
    decide: () => refuse('stock_insufficient', { value: 'x'.repeat(100_000) }),
  }),
  probe('emits_other_data', {
    decide: (_state, input, ctx) => {
      const { type, data } = reserved(input, ctx, 1);
      return accept({ events: [{ type, data: { ...data, expiresAt: 'tomorrow' } }], response: {} });
    },
  }),
  // These the database refuses, and only then.
  probe('oversells', {
    decide: (_state, input, ctx) => accept({ events: [reserved(input, ctx, 1_000_000)], response: {} }),
  }),
  probe('takes_sku', {
    decide: (_state, _input, ctx) =>
      accept({
        events: [variantRegistered.of({ variantId: ctx.newId('variant'), sku: 'SKU-1', name: 'n' })],
        response: {},
      }),
  }),
  probe('throws_following', { loadNext: bug }),
  probe('follows_for_ever', {
    loadNext: (input) => [rowsWhere(inventoryLevel, { ...input, variantId: `var_${Bun.randomUUIDv7()}` })],
  }),
];
const refusedLater = new Set(
  ['emits_other_data', 'oversells', 'takes_sku', 'throws_following', 'follows_for_ever'].map((name) => `probe.${name}`),
);
const throwsLoading = probe('throws_loading', { load: bug });

const withProbes = createRegistry([
  ...registry.features,
  defineFeature({
    name: 'probe',
    commands: [...probes, throwsLoading] as unknown as AnyCommand[],
    queries: [],
    events: [],
    entities: [],
    agentSurface: { summary: 'For tests.' },
  }),
]);

let stocked: StockedWorld;
let executor: Executor;
let level: Level;
const errors: { commandType?: string; text: string }[] = [];
const { observer, batches } = watch();
const held: { release(): Promise<void> }[] = [];

beforeAll(async () => {
  stocked = await createStockedWorld();
  executor = stocked.neighbour({
    registry: withProbes,
    observer,
    onError: (error, detail) => errors.push({ ...detail, text: String(error) }),
  });
  level = await stocked.stock(100_000);
});
afterEach(async () => {
  await Promise.all(held.splice(0).map((hold) => hold.release()));
});
afterAll(() => stocked.close());

async function send(command: Probe, key: string): Promise<Outcome> {
  const parsed = parseCommand(command as unknown as AnyCommand, level);
  if (!parsed.ok) throw new Error('the probe does not parse');
  return executor.execute(parsed.command, metadataFor(stocked.tenant.caller, { key }));
}

const receiptsUnder = async (key: string): Promise<number> => {
  const sql = 'select from kf.command_receipts where idempotency_key_hash = sha256($1::bytea)';
  return (await stocked.admin.query(sql, [Buffer.from(key)])).rowCount ?? 0;
};

describe.each(probes.map((one) => [one.type, one] as const))('%s', (type, command) => {
  test('fails alone: its neighbours of the same batch succeed, and it leaves nothing', async () => {
    const before = await stocked.levelOf(level);
    const hold = await stocked.hold(level);
    held.push(hold);
    errors.length = 0;
    batches.length = 0;
    const reserve = () => stocked.reserve(level, 1, { executor });
    const first = reserve();
    await untilBlocked(stocked.admin);
    const key = `offender ${type}`;
    const neighbours = [reserve(), reserve(), reserve()];
    const offender = send(command, key);
    neighbours.push(reserve(), reserve());
    await held.pop()?.release();
    expect(tally([await first, ...(await Promise.all(neighbours))])).toEqual({ SUCCEEDED: 6 });
    expect(wordOf(await offender)).toBe('internal_error');
    expect(JSON.stringify(await offender)).not.toContain('bug of the feature');
    // The others joined the first; commands that follow references have a batch of their own.
    const sizes = command.loadNext ? [1, 6] : [7];
    expect(batches.map((batch) => batch.commands).toSorted()).toEqual(sizes);
    // What fails while it is decided is taken back; only what the database refuses costs its batch another try.
    expect(batches.some((batch) => batch.failed)).toBe(refusedLater.has(type));
    expect(await receiptsUnder(key)).toBe(0);
    expect(await stocked.levelOf(level)).toMatchObject({ reserved: before.reserved + 6, version: before.version + 6 });
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.every((error) => error.commandType === type)).toBe(true);
  });

  test('fails again when it is sent again, and its lane goes on', async () => {
    expect(wordOf(await send(command, `offender ${type}`))).toBe('internal_error');
    expect(wordOf(await stocked.reserve(level, 1, { executor }))).toBe('SUCCEEDED');
  });
});

describe('several offenders in one batch', () => {
  test('fail each for itself', async () => {
    const before = await stocked.levelOf(level);
    const hold = await stocked.hold(level);
    held.push(hold);
    const first = stocked.reserve(level, 1, { executor });
    await untilBlocked(stocked.admin);
    const offenders = probes.map((one) => send(one, `all ${one.type}`));
    const neighbours = Array.from({ length: 20 }, () => stocked.reserve(level, 1, { executor }));
    await held.pop()?.release();
    expect(tally(await Promise.all(offenders))).toEqual({ internal_error: probes.length });
    expect(tally([await first, ...(await Promise.all(neighbours))])).toEqual({ SUCCEEDED: 21 });
    expect((await stocked.levelOf(level)).reserved - before.reserved).toBe(21);
  }, 90_000);
});

test('a command that throws already when it says what it needs is answered, and never thrown at its caller', async () => {
  const outcome = await send(throwsLoading, 'loading').catch(() => 'thrown');
  expect(outcome).toMatchObject({ kind: 'rejected', code: 'internal_error' });
});

test('a signer that fails leaves nothing unsigned behind, and its commands can be sent again', async () => {
  let isBroken = true;
  const { signer } = stocked.world;
  const unsigned = stocked.neighbour({
    signer: {
      ...signer,
      signConcurrently: (bytes) => (isBroken ? Promise.reject(new Error('no key')) : signer.signConcurrently(bytes)),
    },
  });
  const before = await stocked.levelOf(level);
  const keys = Array.from({ length: 5 }, (_, index) => `unsigned ${index}`);
  const sendAll = () => Promise.all(keys.map((key) => stocked.reserve(level, 1, { executor: unsigned, key })));
  expect(tally(await sendAll())).toEqual({ internal_error: 5 });
  for (const key of keys) expect(await receiptsUnder(key)).toBe(0);
  expect(await stocked.levelOf(level)).toEqual(before);
  isBroken = false;
  expect(tally(await sendAll())).toEqual({ SUCCEEDED: 5 });
  expect(await stocked.levelOf(level)).toMatchObject({ reserved: before.reserved + 5 });
});

test('an observer that throws harms nobody', async () => {
  const throwing = stocked.neighbour({ observer: { onBatch: bug, onCommand: bug }, onError: bug });
  const outcome = await stocked.reserve(level, 1, { executor: throwing }).catch(() => 'thrown');
  expect(outcome).toMatchObject({ kind: 'receipt' });
  expect(wordOf(await stocked.reserve(level, 1, { executor: throwing }))).toBe('SUCCEEDED');
});

test('afterwards every receipt verifies, and the events rebuild the tables', async () => {
  const proof = await proveHistory({ adminUrl: stocked.world.testDatabase.adminUrl, signer: stocked.world.signer });
  expect(proof.complaints).toEqual([]);
  expect(proof.receipts).toBeGreaterThan(100);
});

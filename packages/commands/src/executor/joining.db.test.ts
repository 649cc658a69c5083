import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { idShape, type Id, limits, type RefusalCode } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, type AnyCommand, type CommandDefinition, defineCommand } from '../definition/command.ts';
import { rowsWhere } from '../definition/entity.ts';
import { createRegistry, defineFeature } from '../definition/registry.ts';
import { inventoryLevel, onHandAdjusted, variant } from '../features/inventory/index.ts';
import { registry } from '../registry.ts';
import { metadataFor, proveHistory } from '../testing/index.ts';
import {
  bodyOf,
  createStockedWorld,
  type Level,
  receiptOf,
  type StockedWorld,
  tally,
  until,
  watch,
  wordOf,
} from '../testing/stocked-world.ts';
import type { Executor, ExecutorPorts } from './executor.ts';
import type { Outcome } from './outcome.ts';
import { parseCommand } from './parse-command.ts';

interface ProbeInput {
  readonly variantId: Id<'variant'>;
  readonly locationId: Id<'location'>;
}
type Probe = CommandDefinition<ProbeInput, { seen: number }>;

const lane = rowsWhere(variant, { sku: 'LANE' });
const newSku = 'SEEN-LATER';

/** A command that tells how many rows it sees of those that it loads last. */
function probe(name: string, load: Probe['load'], change: Partial<Probe> = {}): Probe {
  return defineCommand<ProbeInput, { seen: number }, RefusalCode>({
    type: `probe.${name}`,
    version: 1,
    summary: 'For tests.',
    risk: 'R1',
    scope: 'inventory.reservation:create',
    environment: 'caller',
    input: v.strictObject({ variantId: idShape('variant'), locationId: idShape('location') }),
    output: v.strictObject({ seen: v.number() }),
    refusals: [],
    load,
    decide: (state, input, ctx) => {
      const wanted = load(input, ctx).at(-1);
      // A load is of one entity with fields of its own state, which its type no longer says.
      const seen = wanted ? state.list(wanted.entity as never, wanted.where as never).length : 0;
      return accept({ events: [], response: { seen } });
    },
    ...change,
  });
}

const ofLevel = probe('of_level', (key) => [rowsWhere(inventoryLevel, key)]);
const ofAllLevels = probe('of_all_levels', ({ variantId }) => [rowsWhere(inventoryLevel, { variantId })]);
const ofVariant = probe('of_variant', (key) => [
  rowsWhere(inventoryLevel, key),
  rowsWhere(variant, { id: key.variantId }),
]);
const ofSku = probe('of_sku', (key) => [rowsWhere(inventoryLevel, key), rowsWhere(variant, { sku: newSku })]);
const counts = probe('counts', (key) => [rowsWhere(inventoryLevel, key)], {
  decide: (state, key) => {
    const seen = state.list(inventoryLevel, key).length;
    return accept({ events: [onHandAdjusted.of({ ...key, delta: 1, reason: 'counted' })], response: { seen } });
  },
});
const alone = probe('alone', (key) => [rowsWhere(inventoryLevel, key)], { alone: true });
const follows = probe('follows', (key) => [rowsWhere(inventoryLevel, key)], { loadNext: () => [lane] });
/** A registry and a parser take commands of any input; that each of these gets its own is what its schema sees to. */
const asAnyCommand = (command: Probe): AnyCommand => command as unknown as AnyCommand;

const withProbes = createRegistry([
  ...registry.features,
  defineFeature({
    name: 'probe',
    commands: [ofLevel, ofAllLevels, ofVariant, ofSku, counts, alone, follows].map(asAnyCommand),
    queries: [],
    events: [],
    entities: [],
    agentSurface: { summary: 'For tests.' },
  }),
]);

let stocked: StockedWorld;

beforeAll(async () => {
  stocked = await createStockedWorld();
});
afterAll(() => stocked.close());

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const seenBy = (outcome: Outcome): number =>
  JSON.parse(Buffer.from(receiptOf(outcome).response ?? '').toString('utf8')).seen;

/** The key of a new level with so many units. */
async function stockedKey(units: number): Promise<ProbeInput> {
  // Ids as the commands gave them, which the world keeps as plain text.
  return (await stocked.stock(units)) as ProbeInput;
}

function send(command: Probe, options: { key: ProbeInput; executor: Executor }): Promise<Outcome> {
  const parsed = parseCommand(asAnyCommand(command), options.key);
  if (!parsed.ok) throw new Error('the probe does not parse');
  return options.executor.execute(parsed.command, metadataFor(stocked.tenant.caller));
}

/** An executor with one lane, whose transactions stand still in the middle: while their receipts are signed. */
function executorThatStops(change: Partial<ExecutorPorts> = {}) {
  const { observer, batches } = watch();
  let isOpen = false;
  const stopped: (() => void)[] = [];
  const { signer } = stocked.world;
  const executor = stocked.neighbour({
    registry: withProbes,
    observer,
    lanesPerScope: 1,
    signer: {
      ...signer,
      signConcurrently: async (bytes) => {
        if (!isOpen) {
          await new Promise<void>((resolve) => {
            stopped.push(resolve);
          });
        }
        return signer.signConcurrently(bytes);
      },
    },
    ...change,
  });
  const letOn = (): void => {
    for (const go of stopped.splice(0)) go();
  };
  return {
    executor,
    batches,
    /** Resolves when so many receipts wait for their signature. */
    stands: (receipts: number) => until(() => stopped.length === receipts),
    letOn,
    letAllOn: (): void => {
      isOpen = true;
      letOn();
    },
  };
}

const sizesOf = (batches: readonly { commands: number }[]): number[] => batches.map(({ commands }) => commands);

describe('a command that arrives while a transaction runs', () => {
  test('joins it when it needs nothing but rows that are locked there', async () => {
    const level = await stocked.stock(10);
    const { executor, batches, stands, letAllOn } = executorThatStops();
    const first = stocked.reserve(level, 4, { executor });
    await stands(1);
    const others = [4, 4, 2, 1].map((quantity) => stocked.reserve(level, quantity, { executor }));
    await until(() => executor.load().waiting === others.length);
    letAllOn();
    const words = (await Promise.all([first, ...others])).map(wordOf);
    expect(words).toEqual(['SUCCEEDED', 'SUCCEEDED', 'stock_insufficient', 'SUCCEEDED', 'stock_insufficient']);
    expect(batches).toEqual([{ commands: 5, failed: false }]);
    expect(executor.load()).toEqual({ waiting: 0, running: 0, transactions: 0 });
    expect(await stocked.levelOf(level)).toMatchObject({ reserved: 10, version: 4 });
  });

  test('joins when the row that it needs came into being there', async () => {
    const key = await stockedKey(0);
    const { executor, batches, stands, letAllOn } = executorThatStops();
    const sent = [send(counts, { key, executor })];
    await stands(1);
    sent.push(send(counts, { key, executor }));
    await until(() => executor.load().waiting === 1);
    letAllOn();
    expect((await Promise.all(sent)).map(seenBy)).toEqual([0, 1]);
    expect(sizesOf(batches)).toEqual([2]);
    expect(await stocked.levelOf(key)).toMatchObject({ onHand: 2, version: 2 });
  });

  test('waits for the next one when it needs others, and so does what came behind it', async () => {
    const [level, other] = await Promise.all([stocked.stock(10), stocked.stock(10)]);
    const { executor, batches, stands, letAllOn } = executorThatStops();
    const sent = [stocked.reserve(level, 1, { executor })];
    await stands(1);
    sent.push(...[level, other, level].map((one) => stocked.reserve(one, 1, { executor })));
    await until(() => executor.load().waiting === 3);
    letAllOn();
    expect(tally(await Promise.all(sent))).toEqual({ SUCCEEDED: 4 });
    expect(sizesOf(batches)).toEqual([2, 2]);
  });

  test('that would make it larger than a batch may be waits for the next one', async () => {
    const level = await stocked.stock(1_000);
    const { executor, batches, stands, letAllOn } = executorThatStops();
    const sent = [stocked.reserve(level, 1, { executor })];
    await stands(1);
    sent.push(...many(limits.batchCommands + 9, () => stocked.reserve(level, 1, { executor })));
    await until(() => executor.load().waiting === limits.batchCommands + 9);
    letAllOn();
    expect(tally(await Promise.all(sent))).toEqual({ SUCCEEDED: limits.batchCommands + 10 });
    expect(sizesOf(batches)).toEqual([limits.batchCommands, 10]);
  });

  test('repeats a key: its receipt is looked for first, which spoils nobody’s transaction', async () => {
    const level = await stocked.stock(10);
    const { executor, batches, stands, letOn, letAllOn } = executorThatStops();
    const original = stocked.reserve(level, 1, { executor, key: 'repeated' });
    await stands(1);
    letOn();
    const receipt = receiptOf(await original);
    const first = stocked.reserve(level, 1, { executor });
    await stands(1);
    const repeat = stocked.reserve(level, 1, { executor, key: 'repeated' });
    await until(() => executor.load().waiting === 1);
    letAllOn();
    expect(wordOf(await first)).toBe('SUCCEEDED');
    expect(await repeat).toMatchObject({ replayed: true, receipt: { id: receipt.id } });
    expect(batches).toEqual(many(3, () => ({ commands: 1, failed: false })));
  });

  test('and must be alone neither joins nor is joined', async () => {
    const key = await stockedKey(10);
    const { executor, batches, stands, letOn, letAllOn } = executorThatStops();
    const sent = [send(ofLevel, { key, executor })];
    await stands(1);
    sent.push(send(alone, { key, executor }));
    await until(() => executor.load().waiting === 1);
    letOn();
    await until(() => batches.length === 1);
    await stands(1);
    sent.push(...many(3, () => send(ofLevel, { key, executor })));
    await until(() => executor.load().waiting === 3);
    letAllOn();
    expect(tally(await Promise.all(sent))).toEqual({ SUCCEEDED: 5 });
    expect(sizesOf(batches)).toEqual([1, 1, 3]);
  });

  test('and follows references joins none, since it locks its last rows later', async () => {
    const key = await stockedKey(10);
    const { executor, batches, stands, letAllOn } = executorThatStops();
    const sent = [send(follows, { key, executor })];
    await stands(1);
    sent.push(send(follows, { key, executor }));
    await until(() => executor.load().waiting === 1);
    letAllOn();
    expect(tally(await Promise.all(sent))).toEqual({ SUCCEEDED: 2 });
    expect(sizesOf(batches)).toEqual([1, 1]);
  });

  test('is dated when it joined, and not when the transaction began', async () => {
    const level = await stocked.stock(10);
    let offset = 0;
    const { executor, batches, stands, letAllOn } = executorThatStops({
      monotonicNow: () => performance.now() + offset,
    });
    const first = stocked.reserve(level, 1, { executor });
    await stands(1);
    offset = 5_000;
    const second = stocked.reserve(level, 1, { executor });
    await until(() => executor.load().waiting === 1);
    letAllOn();
    const [began, joined] = [await first, await second];
    expect(sizesOf(batches)).toEqual([2]);
    const at = (outcome: Outcome, field: 'requestedAt' | 'completedAt'): number =>
      Date.parse(bodyOf(outcome)[field] ?? '');
    expect(at(joined, 'completedAt') - at(began, 'completedAt')).toBeGreaterThanOrEqual(5_000);
    expect(at(joined, 'requestedAt')).toBeLessThanOrEqual(at(joined, 'completedAt'));
  });

  test('is tried again together with those that it joined, and has one effect', async () => {
    const level = await stocked.stock(10);
    const { executor, batches, stands, letOn, letAllOn } = executorThatStops();
    const sent = [stocked.reserve(level, 1, { executor })];
    await stands(1);
    sent.push(...many(3, () => stocked.reserve(level, 1, { executor })));
    await until(() => executor.load().waiting === 3);
    letOn();
    await stands(3);
    await stocked.admin.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and datname = current_database() and state <> $2',
      ['kf-test-neighbour', 'idle'],
    );
    letAllOn();
    expect(tally(await Promise.all(sent))).toEqual({ SUCCEEDED: 4 });
    expect(batches).toEqual([{ commands: 4, failed: true }]);
    expect(await stocked.levelOf(level)).toMatchObject({ reserved: 4, version: 5 });
  });
});

describe('what was acknowledged before a command came is never hidden from it', () => {
  const cases: { of: string; command: Probe; before: number; change: (key: Level) => Promise<unknown> }[] = [
    {
      of: 'a row that was not there',
      command: ofLevel,
      before: 0,
      change: (key) => stocked.tenant.succeed('inventory.adjust', { ...key, delta: 1, reason: 'found' }),
    },
    {
      of: 'further rows of a kind',
      command: ofAllLevels,
      before: 1,
      change: async (key) => {
        const { locationId } = await stocked.tenant.succeed('inventory.register_location', {
          code: 'HAM-1',
          name: 'Hamburg',
        });
        await stocked.tenant.succeed('inventory.adjust', { ...key, locationId, delta: 1, reason: 'found' });
      },
    },
    {
      of: 'rows that nobody locks',
      command: ofSku,
      before: 0,
      change: () => stocked.tenant.succeed('inventory.register_variant', { sku: newSku, name: 'n' }),
    },
  ];
  test.each(cases)('$of', async ({ command, before, change }) => {
    const key = await stockedKey(before);
    const { executor, batches, stands, letAllOn } = executorThatStops();
    const first = send(command, { key, executor });
    await stands(1);
    await change(key);
    const second = send(command, { key, executor });
    await until(() => executor.load().waiting === 1);
    letAllOn();
    expect([seenBy(await first), seenBy(await second)]).toEqual([before, before + 1]);
    expect(sizesOf(batches)).toEqual([1, 1]);
  });

  test('a row that nobody locks, though it was there: it may be another one by now', async () => {
    const key = await stockedKey(1);
    const { executor, batches, stands, letAllOn } = executorThatStops();
    const sent = [send(ofVariant, { key, executor })];
    await stands(1);
    sent.push(send(ofVariant, { key, executor }));
    await until(() => executor.load().waiting === 1);
    letAllOn();
    expect((await Promise.all(sent)).map(seenBy)).toEqual([1, 1]);
    expect(sizesOf(batches)).toEqual([1, 1]);
  });
});

test('afterwards every receipt verifies, and the events rebuild the tables', async () => {
  const proof = await proveHistory({ adminUrl: stocked.world.testDatabase.adminUrl, signer: stocked.world.signer });
  expect(proof.complaints).toEqual([]);
  expect(proof.receipts).toBeGreaterThan(250);
});

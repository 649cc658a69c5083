import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { setImmediate as turn } from 'node:timers/promises';
import { limits } from '@karmanflow/schema';
import { proveHistory } from '../testing/index.ts';
import {
  createStockedWorld,
  type Level,
  receiptOf,
  type StockedWorld,
  tally,
  until,
  untilBlocked,
  watch,
  wordOf,
} from '../testing/stocked-world.ts';
import type { Executor } from './executor.ts';
import type { Outcome } from './outcome.ts';

let stocked: StockedWorld;
const held: { release(): Promise<void> }[] = [];

beforeAll(async () => {
  stocked = await createStockedWorld();
});
afterEach(async () => {
  await Promise.all(held.splice(0).map((hold) => hold.release()));
});
afterAll(() => stocked.close());

/** Holds the row until the end of the test, or until it is released. */
async function holdLevel(level: Level): Promise<() => Promise<void>> {
  const hold = await stocked.hold(level);
  held.push(hold);
  return () => {
    held.splice(held.indexOf(hold), 1);
    return hold.release();
  };
}

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const responseOf = (outcome: Outcome) => JSON.parse(Buffer.from(receiptOf(outcome).response ?? '').toString('utf8'));
const adjust = (level: Level, options: { executor: Executor; reason?: string; delta?: number }) =>
  stocked.tenant.run(
    'inventory.adjust',
    { ...level, delta: options.delta ?? 1, reason: options.reason ?? 'r' },
    options,
  );

describe('batching', () => {
  test('puts what arrives during a transaction, and concerns other rows, into the next one', async () => {
    const [level, other] = await Promise.all([stocked.stock(500), stocked.stock(500)]);
    const { observer, batches } = watch();
    const executor = stocked.neighbour({ observer, lanesPerScope: 1 });
    const release = await holdLevel(level);
    const first = stocked.reserve(level, 1, { executor });
    await untilBlocked(stocked.admin);
    const others = many(199, () => stocked.reserve(other, 1, { executor }));
    await release();
    expect(tally(await Promise.all([first, ...others]))).toEqual({ SUCCEEDED: 200 });
    expect(batches).toEqual([
      { commands: 1, failed: false },
      { commands: 199, failed: false },
    ]);
    expect(await stocked.levelOf(other)).toMatchObject({ onHand: 500, reserved: 199, version: 200 });
  });

  test('puts what arrives together into one transaction, also when it takes some turns of the event loop', async () => {
    // Each wants another row, so that none could join a transaction that has begun.
    const levels = await Promise.all(many(40, () => stocked.stock(500)));
    const { observer, batches } = watch();
    const executor = stocked.neighbour({ observer, lanesPerScope: 1 });
    const sent: Promise<Outcome>[] = [];
    for (let round = 0; round < 8; round += 1) {
      const some = levels.slice(5 * round, 5 * round + 5);
      sent.push(...some.map((level) => stocked.reserve(level, 1, { executor })));
      await turn();
    }
    expect(tally(await Promise.all(sent))).toEqual({ SUCCEEDED: 40 });
    expect(batches).toEqual([{ commands: 40, failed: false }]);
  });

  test('lets a stream that brings commands in each turn wait for a few of them only', async () => {
    const early = await Promise.all(many(2, () => stocked.stock(500)));
    const late = await Promise.all(many(2, () => stocked.stock(500)));
    const { observer, batches } = watch();
    const executor = stocked.neighbour({ observer, lanesPerScope: 1 });
    const sent: Promise<Outcome>[] = [];
    for (let round = 0; round < 4 * limits.gatheringTurns; round += 1) {
      // Those of the second half could not join a transaction that has begun.
      const levels = round < 2 * limits.gatheringTurns ? early : late;
      sent.push(...levels.map((level) => stocked.reserve(level, 1, { executor })));
      await turn();
    }
    expect(tally(await Promise.all(sent))).toEqual({ SUCCEEDED: 8 * limits.gatheringTurns });
    expect(batches[0]?.commands).toBeGreaterThan(limits.gatheringTurns);
    expect(batches[0]?.commands).toBeLessThanOrEqual(4 * limits.gatheringTurns);
  });

  test('does not wait for more of those that contend for one row: they can join', async () => {
    const level = await stocked.stock(500);
    const executor = stocked.neighbour();
    const sent: Promise<Outcome>[] = [];
    for (let round = 0; round < limits.gatheringTurns / 4; round += 1) {
      sent.push(...many(2, () => stocked.reserve(level, 1, { executor })));
      await turn();
    }
    expect(executor.load().transactions).toBe(1);
    expect(tally(await Promise.all(sent))).toEqual({ SUCCEEDED: limits.gatheringTurns / 2 });
  });

  test('needs far fewer transactions than commands, without anybody holding anything', async () => {
    const level = await stocked.stock(1_000);
    const { observer, batches } = watch();
    const executor = stocked.neighbour({ observer });
    expect(tally(await Promise.all(many(600, () => stocked.reserve(level, 1, { executor }))))).toEqual({
      SUCCEEDED: 600,
    });
    expect(batches.length).toBeLessThan(12);
    expect(Math.max(...batches.map((batch) => batch.commands))).toBe(limits.batchCommands);
    expect(batches.reduce((sum, batch) => sum + batch.commands, 0)).toBe(600);
  });

  test('keeps the order in which commands came', async () => {
    const level = await stocked.stock(1);
    const executor = stocked.neighbour();
    const outcomes = await Promise.all(many(300, (index) => adjust(level, { executor, reason: `number ${index}` })));
    expect(outcomes.map((outcome) => responseOf(outcome).version)).toEqual(many(300, (index) => index + 2));
    expect(outcomes.map((outcome) => responseOf(outcome).onHand)).toEqual(many(300, (index) => index + 2));
    const { rows } = await stocked.admin.query(
      'select reason from kf.stock_movements where variant_id = $1 order by event_id, movement_number',
      [level.variantId.slice(4)],
    );
    expect(rows.slice(1).map((row) => row.reason)).toEqual(many(300, (index) => `number ${index}`));
  });

  test('decides each command on what its neighbours of the same batch left', async () => {
    const level = await stocked.stock(10);
    const executor = stocked.neighbour();
    const release = await holdLevel(level);
    const first = stocked.reserve(level, 4, { executor });
    await untilBlocked(stocked.admin);
    const others = [4, 4, 2, 1].map((quantity) => stocked.reserve(level, quantity, { executor }));
    await release();
    const words = (await Promise.all([first, ...others])).map(wordOf);
    expect(words).toEqual(['SUCCEEDED', 'SUCCEEDED', 'stock_insufficient', 'SUCCEEDED', 'stock_insufficient']);
  });
});

describe('a deadline', () => {
  test('is kept while the row is locked by somebody else; nothing is done, and a repeat tells the truth', async () => {
    const level = await stocked.stock(5);
    const executor = stocked.neighbour();
    const release = await holdLevel(level);
    const late = await stocked.reserve(level, 1, { executor, key: 'late', deadlineMilliseconds: 250 });
    expect(wordOf(late)).toBe('deadline_exceeded');
    await release();
    await until(() => executor.load().transactions === 0);
    expect(await stocked.levelOf(level)).toMatchObject({ reserved: 0 });
    const repeat = await stocked.reserve(level, 1, { executor, key: 'late' });
    expect(repeat).toMatchObject({ kind: 'receipt', replayed: false });
    expect(await stocked.levelOf(level)).toMatchObject({ reserved: 1 });
  });

  test('is kept for those who wait behind it, too', async () => {
    const level = await stocked.stock(5);
    const executor = stocked.neighbour();
    const release = await holdLevel(level);
    const patient = stocked.reserve(level, 1, { executor });
    await untilBlocked(stocked.admin);
    const hasty = many(5, () => stocked.reserve(level, 1, { executor, deadlineMilliseconds: 200 }));
    expect(tally(await Promise.all(hasty))).toEqual({ deadline_exceeded: 5 });
    await release();
    expect(wordOf(await patient)).toBe('SUCCEEDED');
    expect(await stocked.levelOf(level)).toMatchObject({ reserved: 1 });
  });

  test('that passes while the rows are being written leaves the outcome open, and a repeat tells it', async () => {
    const executor = stocked.neighbour();
    const rival = await stocked.world.testDatabase.admin();
    const sku = 'RIVAL-1';
    await rival.query('begin');
    // Somebody else's row of the same SKU, not committed: the insert of ours waits for it.
    await rival.query(
      `insert into kf.variants select tenant_id, environment_id, gen_random_uuid(), $1, name, version, created_at, updated_at,
        receipt_id, written_in from kf.variants limit 1`,
      [sku],
    );
    const register = (deadlineMilliseconds: number) =>
      stocked.tenant.run(
        'inventory.register_variant',
        { sku, name: 'n' },
        { executor, key: 'rival', deadlineMilliseconds },
      );
    // On a machine that stands still it may pass before anything is written, and then nothing was done: once more, with longer.
    let open = wordOf(await register(300));
    for (let deadline = 600; open === 'deadline_exceeded' && deadline < 20_000; deadline *= 2) {
      open = wordOf(await register(deadline));
    }
    expect(open).toBe('outcome_unknown');
    await rival.query('rollback');
    await rival.end();
    const told = await register(30_000);
    expect(wordOf(told)).toBe('SUCCEEDED');
    const { rows } = await stocked.admin.query('select id from kf.variants where sku = $1', [sku]);
    expect(rows).toEqual([{ id: responseOf(told).variantId.slice(4) }]);
  });

  test('of nothing at all is over before it begins', async () => {
    const level = await stocked.stock(5);
    expect(wordOf(await stocked.reserve(level, 1, { deadlineMilliseconds: 0 }))).toBe('deadline_exceeded');
    expect(wordOf(await stocked.reserve(level, 1, { deadlineMilliseconds: -5 }))).toBe('deadline_exceeded');
    expect(await stocked.levelOf(level)).toMatchObject({ reserved: 0 });
  });
});

describe('a full queue', () => {
  test('refuses at once what it has no room for, keeps what it took, and recovers', async () => {
    const level = await stocked.stock(10_000);
    const executor = stocked.neighbour();
    const release = await holdLevel(level);
    const first = stocked.reserve(level, 1, { executor });
    await untilBlocked(stocked.admin);
    const room = limits.queueCommandsPerScope;
    const more = many(room + 100, () => stocked.reserve(level, 1, { executor }));
    const refused = await Promise.all(more.slice(room));
    expect(tally(refused)).toEqual({ overloaded: 100 });
    expect(executor.load()).toEqual({ waiting: room, running: 1, transactions: 1 });
    await release();
    expect(tally([await first, ...(await Promise.all(more.slice(0, room)))])).toEqual({ SUCCEEDED: room + 1 });
    expect(executor.load()).toEqual({ waiting: 0, running: 0, transactions: 0 });
    expect(await stocked.levelOf(level)).toMatchObject({ reserved: room + 1 });
    expect(wordOf(await stocked.reserve(level, 1, { executor }))).toBe('SUCCEEDED');
  }, 90_000);

  test('of one environment leaves room for another', async () => {
    const level = await stocked.stock(10_000);
    const other = await stocked.world.createTenant('Neighbour');
    const executor = stocked.neighbour();
    const release = await holdLevel(level);
    const taken = many(limits.queueCommandsPerScope + 300, () =>
      stocked.reserve(level, 1, { executor, deadlineMilliseconds: 2_000 }),
    );
    await untilBlocked(stocked.admin);
    const theirs = await other.run('inventory.register_variant', { sku: 'X', name: 'x' }, { executor });
    expect(wordOf(theirs)).toBe('SUCCEEDED');
    const counts = tally(await Promise.all(taken));
    expect(Object.keys(counts).toSorted()).toEqual(['deadline_exceeded', 'overloaded']);
    await release();
  }, 90_000);

  test('does not let repeats of one key wait without number', async () => {
    const level = await stocked.stock(10_000);
    const executor = stocked.neighbour();
    const release = await holdLevel(level);
    const repeats = many(limits.queueCommands + 500, () => stocked.reserve(level, 1, { executor, key: 'one' }));
    await untilBlocked(stocked.admin);
    await release();
    const counts = tally(await Promise.all(repeats));
    expect(counts['SUCCEEDED'] ?? 0).toBeLessThanOrEqual(limits.queueCommands + 1);
    expect(await stocked.levelOf(level)).toMatchObject({ reserved: 1 });
  }, 90_000);
});

describe('fairness', () => {
  test('a busy environment does not starve another, though there be only one connection', async () => {
    const level = await stocked.stock(10_000);
    const other = await stocked.world.createTenant('Quiet');
    const executor = stocked.neighbour({ transactionsMax: 1 });
    let answered = 0;
    const count = (): void => {
      answered += 1;
    };
    const busy = many(1_200, () => stocked.reserve(level, 1, { executor }).finally(count));
    const quiet = await other.run('inventory.register_variant', { sku: 'Q', name: 'q' }, { executor });
    expect(wordOf(quiet)).toBe('SUCCEEDED');
    // The busy lane was in the middle of its first transaction; then it was somebody else's turn.
    expect(answered).toBeLessThanOrEqual(1 + limits.batchCommands);
    expect(tally(await Promise.all(busy))).toEqual({ SUCCEEDED: 1_200 });
  }, 90_000);
});

describe('draining', () => {
  test('finishes what was taken and takes nothing more', async () => {
    const level = await stocked.stock(100);
    const executor = stocked.neighbour();
    const release = await holdLevel(level);
    const taken = many(20, () => stocked.reserve(level, 1, { executor }));
    await untilBlocked(stocked.admin);
    const drained = executor.drain();
    expect(wordOf(await stocked.reserve(level, 1, { executor }))).toBe('draining');
    await release();
    expect(await drained).toEqual({ finished: true });
    expect(tally(await Promise.all(taken))).toEqual({ SUCCEEDED: 20 });
    expect(await stocked.levelOf(level)).toMatchObject({ reserved: 20 });
    expect(await executor.drain()).toEqual({ finished: true });
  });

  test('gives up on a transaction that is stuck, and says so', async () => {
    const level = await stocked.stock(100);
    const executor = stocked.neighbour();
    const release = await holdLevel(level);
    const stuck = stocked.reserve(level, 1, { executor });
    await untilBlocked(stocked.admin);
    expect(await executor.drain(200)).toEqual({ finished: false });
    await release();
    expect(wordOf(await stuck)).toBe('SUCCEEDED');
  });

  test('of an idle executor is over at once', async () => {
    expect(await stocked.neighbour().drain(1)).toEqual({ finished: true });
  });
});

test('afterwards every receipt verifies, and the events rebuild the tables', async () => {
  const proof = await proveHistory({ adminUrl: stocked.world.testDatabase.adminUrl, signer: stocked.world.signer });
  expect(proof.complaints).toEqual([]);
  expect(proof.receipts).toBeGreaterThan(3_000);
}, 90_000);

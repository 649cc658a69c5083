import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { limits } from '@karmanflow/schema';
import { proveHistory } from '../testing/index.ts';
import {
  createStockedWorld,
  receiptOf,
  type StockedWorld,
  tally,
  until,
  untilBlocked,
  wordOf,
} from '../testing/stocked-world.ts';
import type { Outcome } from './outcome.ts';

let stocked: StockedWorld;

beforeAll(async () => {
  stocked = await createStockedWorld();
});
afterAll(() => stocked.close());

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const responseOf = (outcome: Outcome) => JSON.parse(Buffer.from(receiptOf(outcome).response ?? '').toString('utf8'));

/** An executor whose clock and sweep the test moves by hand. */
function executorByHand(options: { whileSigning?: () => void } = {}) {
  let offset = 0;
  const sweeps: (() => void)[] = [];
  const executor = stocked.neighbour({
    lanesPerScope: 1,
    monotonicNow: () => performance.now() + offset,
    every: (_milliseconds, callback) => {
      sweeps.push(callback);
      return () => sweeps.splice(sweeps.indexOf(callback), 1);
    },
    // Deciding gives way while receipts are signed: what happens meanwhile happens here.
    signer: {
      ...stocked.world.signer,
      signConcurrently: (bytes) => {
        options.whileSigning?.();
        return stocked.world.signer.signConcurrently(bytes);
      },
    },
  });
  return {
    executor,
    /** Lets an hour pass and the sweep come by. */
    passDeadlines: () => {
      offset += 3_600_000;
      for (const sweep of sweeps) sweep();
    },
  };
}

describe('a deadline that passes while a batch is being decided', () => {
  test('never lets a command be committed whose caller was told that nothing was done', async () => {
    const [level, before] = await Promise.all([stocked.stock(1_000), stocked.stock(1)]);
    let isArmed = false;
    let signatures = 0;
    const byHand = executorByHand({
      // In the second round of deciding the batch behind the first command: the rows of the first round are sent.
      whileSigning: () => {
        signatures += 1;
        if (!isArmed || signatures <= 1 + limits.decideFirstCommands) return;
        byHand.passDeadlines();
        isArmed = false;
      },
    });
    const hold = await stocked.hold(before);
    const first = stocked.reserve(before, 1, { executor: byHand.executor });
    await untilBlocked(stocked.admin);
    const keys = many(limits.decideAheadCommands * 3, (index) => `decided ahead ${index}`);
    const others = keys.map((key) => stocked.reserve(level, 1, { executor: byHand.executor, key }));
    isArmed = true;
    await hold.release();
    expect(wordOf(await first)).toBe('SUCCEEDED');
    const outcomes = await Promise.all(others);
    await until(() => byHand.executor.load().transactions === 0);
    expect(isArmed).toBe(false);
    const { rows } = await stocked.admin.query(
      'select encode(idempotency_key_hash, $$hex$$) as key from kf.command_receipts where idempotency_key_hash is not null',
    );
    const committed = new Set(rows.map((row) => row.key));
    const hashOf = (key: string): string => new Bun.CryptoHasher('sha256').update(key).digest('hex');
    const lies = keys.filter((key, index) => {
      const outcome = outcomes[index];
      return outcome !== undefined && wordOf(outcome) === 'deadline_exceeded' && committed.has(hashOf(key));
    });
    expect(lies).toEqual([]);
    // A repeat tells the truth of each, and each has one effect in the end.
    const repeats = await Promise.all(keys.map((key) => stocked.reserve(level, 1, { key })));
    expect(tally(repeats)).toEqual({ SUCCEEDED: keys.length });
    expect(await stocked.levelOf(level)).toMatchObject({ reserved: keys.length });
  });
});

describe('a deadline that passes while the rows are locked', () => {
  test('leaves nothing of the command behind, however late the lock comes', async () => {
    const level = await stocked.stock(1_000);
    const byHand = executorByHand();
    const hold = await stocked.hold(level);
    const late = many(5, () => stocked.reserve(level, 1, { executor: byHand.executor }));
    await untilBlocked(stocked.admin);
    byHand.passDeadlines();
    expect(tally(await Promise.all(late))).toEqual({ deadline_exceeded: 5 });
    await hold.release();
    await until(() => byHand.executor.load().transactions === 0);
    expect(await stocked.levelOf(level)).toMatchObject({ reserved: 0, version: 1 });
  });
});

describe('the clock of a decision', () => {
  test('is read when the rows are locked: a hold that ran out while its commit waited does not commit', async () => {
    const level = await stocked.stock(10);
    const held = await stocked.tenant.run('reservation.create', { holdSeconds: 1, lines: [{ ...level, quantity: 1 }] });
    const { reservationId, expiresAt } = responseOf(held);
    const holder = await stocked.world.testDatabase.admin();
    await holder.query('begin');
    await holder.query('select from kf.reservations where id = $1 for update', [reservationId.slice(4)]);
    const committing = stocked.tenant.run('reservation.commit', { reservationId });
    await untilBlocked(stocked.admin);
    await until(
      async () => (await stocked.admin.query('select clock_timestamp() >= $1 as over', [expiresAt])).rows[0].over,
    );
    await holder.query('rollback');
    await holder.end();
    expect(wordOf(await committing)).toBe('reservation_expired');
  });

  test('stands on the receipt, and is that of the database', async () => {
    const level = await stocked.stock(10);
    const before = (await stocked.admin.query("select date_trunc('milliseconds', clock_timestamp()) as now")).rows[0]
      .now;
    const { completedAt } = JSON.parse(Buffer.from(receiptOf(await stocked.reserve(level, 1)).bytes).toString('utf8'));
    const after = (await stocked.admin.query('select clock_timestamp() as now')).rows[0].now;
    expect(Date.parse(completedAt)).toBeGreaterThanOrEqual(before.getTime());
    expect(Date.parse(completedAt)).toBeLessThanOrEqual(after.getTime());
  });
});

describe('the schedule of expiry', () => {
  test('has the minute of every hold, and of every extension', async () => {
    const level = await stocked.stock(10);
    const held = await stocked.tenant.run('reservation.create', {
      holdSeconds: 600,
      lines: [{ ...level, quantity: 1 }],
    });
    const { reservationId, expiresAt } = responseOf(held);
    const extended = await stocked.tenant.run('reservation.extend', { reservationId, holdSeconds: 7_200 });
    const { rows } = await stocked.admin.query('select due_at from kf.expiry_schedule');
    const minutes = rows.map((row) => row.due_at.getTime());
    for (const time of [expiresAt, responseOf(extended).expiresAt]) {
      const bucket = limits.expiryBucketSeconds * 1000;
      expect(minutes).toContain(Math.floor(Date.parse(time) / bucket) * bucket);
    }
  });
});

test('afterwards every receipt verifies, and the events rebuild the tables', async () => {
  const proof = await proveHistory({ adminUrl: stocked.world.testDatabase.adminUrl, signer: stocked.world.signer });
  expect(proof.complaints).toEqual([]);
  expect(proof.receipts).toBeGreaterThan(40);
});

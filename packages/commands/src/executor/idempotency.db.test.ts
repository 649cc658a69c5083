import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { proveHistory, type RunOptions, type TestTenant } from '../testing/index.ts';
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
import type { Caller } from './metadata.ts';
import type { Outcome } from './outcome.ts';

let stocked: StockedWorld;
let neighbour: Executor;
let level: Level;

beforeAll(async () => {
  stocked = await createStockedWorld();
  neighbour = stocked.neighbour();
  level = await stocked.stock(100_000);
});
const held: { release(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(held.splice(0).map((hold) => hold.release()));
});
afterAll(() => stocked.close());

/** Holds the row until the end of the test, or until it is released. */
async function holdLevel(): Promise<() => Promise<void>> {
  const hold = await stocked.hold(level);
  held.push(hold);
  return () => {
    held.splice(held.indexOf(hold), 1);
    return hold.release();
  };
}

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const reserve = (quantity: number, options: RunOptions = {}) => stocked.reserve(level, quantity, options);
const bytesOf = (outcome: Outcome): string => Buffer.from(receiptOf(outcome).bytes).toString('utf8');
const isReplay = (outcome: Outcome): boolean => outcome.kind === 'receipt' && outcome.replayed;
const nobody = (): Caller => ({ ...stocked.tenant.caller, scopes: new Set<string>() });
const inProduction = (): Caller => ({
  ...stocked.tenant.caller,
  environmentId: stocked.tenant.environments.production,
  environment: { kind: 'PRODUCTION', status: 'ACTIVE' },
});

/** Receipts that stand under a key, whatever their tenant. */
async function receiptsUnder(key: string): Promise<{ command_type: string; status: string }[]> {
  const { rows } = await stocked.admin.query(
    'select command_type, status from kf.command_receipts where idempotency_key_hash = sha256($1::bytea)',
    [Buffer.from(key)],
  );
  return rows;
}

describe.each([
  ['the executor that ran it', () => stocked.world.executor],
  ['another executor', () => neighbour],
] as const)('the same key and payload again, to %s', (name, again) => {
  test.each([
    ['SUCCEEDED', 1],
    ['stock_insufficient', 1_000_000],
  ] as const)('gives the receipt of the first, byte for byte: %s', async (word, quantity) => {
    const key = `again ${name} ${word}`;
    const before = await stocked.levelOf(level);
    const first = await reserve(quantity, { key });
    const second = await reserve(quantity, { key, executor: again() });
    expect([wordOf(first), wordOf(second)]).toEqual([word, word]);
    expect([isReplay(first), isReplay(second)]).toEqual([false, true]);
    expect(bytesOf(second)).toBe(bytesOf(first));
    expect(receiptOf(second).response).toEqual(receiptOf(first).response);
    expect(Buffer.from(receiptOf(second).signature)).toEqual(Buffer.from(receiptOf(first).signature));
    expect((await stocked.levelOf(level)).reserved - before.reserved).toBe(word === 'SUCCEEDED' ? 1 : 0);
  });

  test('with another payload is refused, and runs nothing', async () => {
    const key = `other payload ${name}`;
    const first = await reserve(1, { key });
    const before = await stocked.levelOf(level);
    const other = await reserve(2, { key, executor: again() });
    expect(other).toMatchObject({ kind: 'rejected', code: 'idempotency_key_reused' });
    expect(await stocked.levelOf(level)).toEqual(before);
    expect(bytesOf(await reserve(1, { key, executor: again() }))).toBe(bytesOf(first));
  });

  test('from another environment of the tenant is refused, and shows nothing of the first', async () => {
    const key = `elsewhere ${name}`;
    const first = await reserve(1, { key });
    const elsewhere = await reserve(1, { key, executor: again(), caller: inProduction() });
    expect(elsewhere).toMatchObject({ kind: 'rejected', code: 'idempotency_key_elsewhere' });
    expect(JSON.stringify(elsewhere)).not.toContain(receiptOf(first).id);
    expect(JSON.stringify(elsewhere)).not.toContain(stocked.tenant.environments.sandbox);
    expect(await receiptsUnder(key)).toHaveLength(1);
  });

  test('for another command type is another command', async () => {
    const key = `two types ${name}`;
    const first = await reserve(1, { key });
    const second = await stocked.tenant.run(
      'inventory.set_safety_stock',
      { ...level, safetyStock: 0 },
      { key, executor: again() },
    );
    expect([wordOf(first), wordOf(second)]).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    expect(isReplay(second)).toBe(false);
    expect(await receiptsUnder(key)).toHaveLength(2);
  });

  test('of another tenant is another command', async () => {
    const key = `two tenants ${name}`;
    const other: TestTenant = await stocked.world.createTenant('Other');
    const input = { sku: 'SAME', name: 'same' };
    const first = await stocked.tenant.run('inventory.register_variant', { ...input, sku: `SAME ${name}` }, { key });
    const second = await other.run(
      'inventory.register_variant',
      { ...input, sku: `SAME ${name}` },
      { key, executor: again() },
    );
    expect([wordOf(first), wordOf(second)]).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    expect(isReplay(second)).toBe(false);
  });

  test('after it was denied runs for who is entitled', async () => {
    const key = `denied ${name}`;
    const denied = await reserve(1, { key, caller: nobody() });
    const deniedAgain = await reserve(1, { key, caller: nobody(), executor: again() });
    expect([wordOf(denied), wordOf(deniedAgain)]).toEqual(['DENIED', 'DENIED']);
    expect(receiptOf(deniedAgain).id).not.toBe(receiptOf(denied).id);
    const entitled = await reserve(1, { key, executor: again() });
    expect([wordOf(entitled), isReplay(entitled)]).toEqual(['SUCCEEDED', false]);
  });

  test('by who may not run it shows nothing, though it ran', async () => {
    const key = `re-authorised ${name}`;
    const first = await reserve(1, { key });
    const stranger = await reserve(1, { key, caller: nobody(), executor: again() });
    expect(wordOf(stranger)).toBe('DENIED');
    expect(bytesOf(stranger)).not.toContain(receiptOf(first).id);
    expect(receiptOf(stranger).response).toBeNull();
    expect(bytesOf(await reserve(1, { key, executor: again() }))).toBe(bytesOf(first));
  });

  test('after a refusal is refused with the same receipt, though it would succeed now', async () => {
    const key = `refused ${name}`;
    const scarce = await stocked.stock(1);
    const first = await stocked.reserve(scarce, 2, { key });
    expect(wordOf(first)).toBe('stock_insufficient');
    await stocked.tenant.succeed('inventory.adjust', { ...scarce, delta: 10, reason: 'r' });
    const second = await stocked.reserve(scarce, 2, { key, executor: again() });
    expect([wordOf(second), isReplay(second)]).toEqual(['stock_insufficient', true]);
    expect(bytesOf(second)).toBe(bytesOf(first));
  });

  test('while it waits for approval gives the same request for approval', async () => {
    const key = `pending ${name}`;
    const { reservationId } = JSON.parse(Buffer.from(receiptOf(await reserve(1)).response ?? '').toString('utf8'));
    const first = await stocked.tenant.run('reservation.cancel', { reservationId }, { key });
    const second = await stocked.tenant.run('reservation.cancel', { reservationId }, { key, executor: again() });
    expect([wordOf(first), wordOf(second)]).toEqual(['PENDING_APPROVAL', 'PENDING_APPROVAL']);
    expect([isReplay(first), isReplay(second)]).toEqual([false, true]);
    expect(receiptOf(second).response).toEqual(receiptOf(first).response);
    const { rowCount } = await stocked.admin.query('select from kf.approvals where receipt_id = $1', [
      receiptOf(first).id.slice(4),
    ]);
    expect(rowCount).toBe(1);
    expect(await receiptsUnder(key)).toHaveLength(1);
  });
});

describe('the same key at the same time', () => {
  test('in one executor has one effect; all others get its receipt as a replay', async () => {
    const before = await stocked.levelOf(level);
    const outcomes = await Promise.all(many(50, () => reserve(1, { key: 'storm' })));
    expect(new Set(outcomes.map(bytesOf)).size).toBe(1);
    expect(outcomes.filter((outcome) => !isReplay(outcome))).toHaveLength(1);
    expect((await stocked.levelOf(level)).reserved - before.reserved).toBe(1);
  });

  test('in two executors has one effect for each key', async () => {
    const before = await stocked.levelOf(level);
    const keys = many(40, (index) => `race ${index}`);
    const outcomes = await Promise.all(
      keys.flatMap((key) =>
        many(4, (index) => reserve(1, { key, executor: index % 2 === 0 ? stocked.world.executor : neighbour })),
      ),
    );
    expect(tally(outcomes)).toEqual({ SUCCEEDED: 160 });
    expect(new Set(outcomes.map(bytesOf)).size).toBe(40);
    expect(outcomes.filter((outcome) => !isReplay(outcome))).toHaveLength(40);
    expect((await stocked.levelOf(level)).reserved - before.reserved).toBe(40);
  });

  test('in two executors in opposite order has one effect for each key, and nobody waits in a circle', async () => {
    const before = await stocked.levelOf(level);
    const keys = many(60, (index) => `circle ${index}`);
    // Registering needs no row of anybody else: what the two contend for is the keys alone.
    const send = (executor: Executor, list: readonly string[]) =>
      list.map((key) => stocked.tenant.run('inventory.register_variant', { sku: key, name: 'n' }, { key, executor }));
    const outcomes = await Promise.all([...send(stocked.world.executor, keys), ...send(neighbour, keys.toReversed())]);
    expect(tally(outcomes)).toEqual({ SUCCEEDED: 120 });
    expect(outcomes.filter((outcome) => !isReplay(outcome))).toHaveLength(60);
    expect(await stocked.levelOf(level)).toEqual(before);
  });

  test('with another payload, from the one executor, is refused while the first still runs', async () => {
    const release = await holdLevel();
    const first = reserve(1, { key: 'busy' });
    await untilBlocked(stocked.admin);
    expect(wordOf(await reserve(2, { key: 'busy' }))).toBe('idempotency_key_reused');
    expect(wordOf(await reserve(1, { key: 'busy', caller: inProduction() }))).toBe('idempotency_key_elsewhere');
    const denied = reserve(1, { key: 'busy', caller: nobody() });
    const early = await reserve(1, { key: 'busy', deadlineMilliseconds: 500 });
    expect(wordOf(early)).toBe('idempotency_key_in_flight');
    await release();
    expect([wordOf(await first), wordOf(await denied)]).toEqual(['SUCCEEDED', 'DENIED']);
  });

  test('with another payload, from another executor, is refused as soon as the first is done', async () => {
    // The rival names another level, so that nothing but the key holds it up.
    const rival = await stocked.stock(5);
    const release = await holdLevel();
    const first = reserve(1, { key: 'busy elsewhere' });
    await untilBlocked(stocked.admin);
    const second = stocked.reserve(rival, 1, { key: 'busy elsewhere', executor: neighbour });
    await release();
    const words = [wordOf(await first), wordOf(await second)];
    expect(words.toSorted()).toEqual(['SUCCEEDED', 'idempotency_key_reused']);
  });

  test('from two environments and two executors runs in one of them', async () => {
    const register = (executor: Executor, caller: Caller, key: string) =>
      stocked.tenant.run('inventory.register_location', { code: key, name: 'n' }, { executor, caller, key });
    const keys = many(20, (index) => `environments ${index}`);
    const outcomes = await Promise.all(
      keys.flatMap((key) => [
        register(stocked.world.executor, stocked.tenant.caller, key),
        register(neighbour, inProduction(), key),
      ]),
    );
    expect(tally(outcomes)).toEqual({ SUCCEEDED: 20, idempotency_key_elsewhere: 20 });
    for (const key of keys) expect(await receiptsUnder(key)).toHaveLength(1);
  });

  test('in the same batch as its own repeat, after the first gave up waiting, has one effect', async () => {
    const before = await stocked.levelOf(level);
    const release = await holdLevel();
    const blocker = reserve(1);
    await untilBlocked(stocked.admin);
    const gaveUp = await reserve(5, { key: 'twice in a batch', deadlineMilliseconds: 600 });
    expect(wordOf(gaveUp)).toBe('deadline_exceeded');
    const repeat = reserve(5, { key: 'twice in a batch' });
    await release();
    expect(wordOf(await blocker)).toBe('SUCCEEDED');
    expect([wordOf(await repeat), isReplay(await repeat)]).toEqual(['SUCCEEDED', false]);
    expect((await stocked.levelOf(level)).reserved - before.reserved).toBe(6);
  });
});

describe('a repeat of what this executor ran a moment ago', () => {
  test('is found before anything is tried', async () => {
    const { observer, batches } = watch();
    const executor = stocked.neighbour({ observer });
    const first = await reserve(1, { key: 'a moment ago', executor });
    const again = await reserve(1, { key: 'a moment ago', executor });
    expect([isReplay(first), isReplay(again)]).toEqual([false, true]);
    expect(batches.map((batch) => batch.failed)).toEqual([false, false]);
  });
});

describe('a repeat that a neighbour cannot see coming', () => {
  test('costs the others of its batch a second try, and nothing else', async () => {
    const key = 'unforeseen';
    const first = await reserve(1, { key, executor: neighbour });
    const release = await holdLevel();
    const blocker = reserve(1);
    await untilBlocked(stocked.admin);
    const repeats = [reserve(1), reserve(1, { key }), reserve(1)];
    await until(() => stocked.world.executor.load().waiting === 3);
    await release();
    const outcomes = await Promise.all([blocker, ...repeats]);
    expect(tally(outcomes)).toEqual({ SUCCEEDED: 4 });
    expect(outcomes.map(isReplay)).toEqual([false, false, true, false]);
    expect(bytesOf(outcomes[2] as Outcome)).toBe(bytesOf(first));
  });
});

test('afterwards every receipt verifies, and the events rebuild the tables', async () => {
  const proof = await proveHistory({ adminUrl: stocked.world.testDatabase.adminUrl, signer: stocked.world.signer });
  expect(proof.complaints).toEqual([]);
  expect(proof.receipts).toBeGreaterThan(150);
});

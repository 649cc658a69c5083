import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { fileURLToPath } from 'node:url';
import { createReceiptSigner } from '@karmanflow/receipts';
import type { HammerOrder, HammerReport } from '../testing/hammer-level.ts';
import { proveHistory } from '../testing/index.ts';
import { createStockedWorld, receiptOf, type StockedWorld, tally, wordOf } from '../testing/stocked-world.ts';
import type { Executor } from './executor.ts';
import type { Outcome } from './outcome.ts';

let stocked: StockedWorld;
let sides: readonly [Executor, Executor];
/** Two processes and this one sign with the same key. */
const seed = Buffer.alloc(32, 7);
const signer = createReceiptSigner({ privateKey: seed });

beforeAll(async () => {
  stocked = await createStockedWorld({ signer });
  sides = [stocked.neighbour(), stocked.neighbour()];
});
afterAll(() => stocked.close());

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const sideOf = (index: number): Executor => sides[index % 2 === 0 ? 0 : 1];
const responseOf = (outcome: Outcome) => JSON.parse(Buffer.from(receiptOf(outcome).response ?? '').toString('utf8'));

describe('two executors over pools of their own', () => {
  test('two hundred buyers, fifty units: fifty get one', async () => {
    const level = await stocked.stock(50);
    const outcomes = await Promise.all(many(200, (index) => stocked.reserve(level, 1, { executor: sideOf(index) })));
    expect(tally(outcomes)).toEqual({ SUCCEEDED: 50, stock_insufficient: 150 });
    expect(await stocked.levelOf(level)).toEqual({ onHand: 50, reserved: 50, version: 51 });
  });

  test('fifty buyers, one unit', async () => {
    for (let round = 0; round < 5; round += 1) {
      const level = await stocked.stock(1);
      const outcomes = await Promise.all(many(50, (index) => stocked.reserve(level, 1, { executor: sideOf(index) })));
      expect(tally(outcomes)).toEqual({ SUCCEEDED: 1, stock_insufficient: 49 });
      expect(await stocked.levelOf(level)).toMatchObject({ reserved: 1 });
    }
  });

  test('quantities that do not divide evenly fill the level as far as they fit, and not further', async () => {
    const level = await stocked.stock(100);
    const quantities = many(80, (index) => 1 + (index % 7));
    const outcomes = await Promise.all(
      quantities.map((quantity, index) => stocked.reserve(level, quantity, { executor: sideOf(index) })),
    );
    const taken = quantities.filter((_, index) => wordOf(outcomes[index] as Outcome) === 'SUCCEEDED');
    const sum = taken.reduce((total, quantity) => total + quantity, 0);
    expect(sum).toBeLessThanOrEqual(100);
    // Whoever was refused would not have fitted into what was left at the end either.
    expect(sum).toBeGreaterThan(100 - 7);
    expect(await stocked.levelOf(level)).toMatchObject({ reserved: sum, version: taken.length + 1 });
  });

  test('a reservation of several levels is all or nothing, whoever else takes from them', async () => {
    const levels = await Promise.all(many(3, () => stocked.stock(40)));
    const outcomes = await Promise.all(
      many(100, (index) => {
        const lines = [levels[index % 3], levels[(index + 1) % 3]].map((level) => ({ ...level, quantity: 1 }));
        return stocked.tenant.run('reservation.create', { lines }, { executor: sideOf(index) });
      }),
    );
    const { SUCCEEDED: made = 0 } = tally(outcomes);
    // Whichever pairs came first: no fewer than two of the three levels can be full at the end.
    expect(made).toBeGreaterThanOrEqual(40);
    expect(made).toBeLessThanOrEqual(60);
    const reserved: number[] = [];
    for (const level of levels) reserved.push((await stocked.levelOf(level)).reserved);
    expect(reserved.reduce((sum, one) => sum + one, 0)).toBe(made * 2);
    expect(Math.max(...reserved)).toBeLessThanOrEqual(40);
  });

  test('one SKU, twenty at once: one gets it, the others are told who has it', async () => {
    for (let round = 0; round < 3; round += 1) {
      const sku = `RACE-${round}`;
      const outcomes = await Promise.all(
        many(20, (index) =>
          stocked.tenant.run('inventory.register_variant', { sku, name: 'n' }, { executor: sideOf(index) }),
        ),
      );
      expect(tally(outcomes)).toEqual({ SUCCEEDED: 1, sku_taken: 19 });
      const winner = outcomes.find((outcome) => wordOf(outcome) === 'SUCCEEDED') as Outcome;
      const { rows } = await stocked.admin.query('select id from kf.variants where sku = $1', [sku]);
      expect(rows).toEqual([{ id: responseOf(winner).variantId.slice(4) }]);
    }
  });

  test('one level, opened by both at once: no unit is lost', async () => {
    for (let round = 0; round < 5; round += 1) {
      const level = await stocked.stock(0);
      const outcomes = await Promise.all(
        many(20, (index) =>
          stocked.tenant.run('inventory.adjust', { ...level, delta: 1, reason: 'r' }, { executor: sideOf(index) }),
        ),
      );
      expect(tally(outcomes)).toEqual({ SUCCEEDED: 20 });
      expect(await stocked.levelOf(level)).toMatchObject({ onHand: 20, version: 20 });
    }
  });

  test('one reservation, committed and extended by both at once: a quantity resolves once', async () => {
    const level = await stocked.stock(10);
    const { reservationId } = responseOf(await stocked.reserve(level, 1));
    const outcomes = await Promise.all(
      many(20, (index) => stocked.tenant.run('reservation.commit', { reservationId }, { executor: sideOf(index) })),
    );
    expect(tally(outcomes)).toEqual({ SUCCEEDED: 1, reservation_not_active: 19 });
  });

  test('counting while others reserve: nothing is lost, and what is promised beyond the count is a shortfall', async () => {
    const level = await stocked.stock(60);
    const outcomes = await Promise.all(
      many(120, (index) => {
        if (index % 4 === 0)
          return stocked.tenant.run(
            'inventory.adjust',
            { ...level, delta: -1, reason: 'count' },
            { executor: sideOf(index >> 2) },
          );
        return stocked.reserve(level, 1, { executor: sideOf(index) });
      }),
    );
    const counts = tally(outcomes);
    const { onHand, reserved } = await stocked.levelOf(level);
    expect(onHand).toBe(30);
    expect(reserved).toBe((counts['SUCCEEDED'] ?? 0) - 30);
    const { rows } = await stocked.admin.query('select shortfall::int from kf.inventory_levels where variant_id = $1', [
      level.variantId.slice(4),
    ]);
    expect(rows[0].shortfall).toBe(Math.max(0, reserved - onHand));
  });
});

describe('two processes', () => {
  async function run(order: HammerOrder): Promise<HammerReport> {
    const script = fileURLToPath(new URL('../testing/hammer-level.ts', import.meta.url));
    const child = Bun.spawn([process.execPath, script], {
      stdin: Buffer.from(JSON.stringify(order)),
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const [text, complaint, exitCode] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    if (exitCode !== 0) throw new Error(complaint);
    return JSON.parse(text);
  }

  test('hammer the same level: exactly what is there is promised, and a key that both send has one effect', async () => {
    const level = await stocked.stock(300);
    const { caller } = stocked.tenant;
    const sharedKeys = many(40, (index) => `of both ${index}`);
    const order: HammerOrder = {
      databaseUrl: stocked.world.testDatabase.urlFor('kf_command'),
      seed: seed.toString('base64'),
      caller: { ...caller, scopes: [...caller.scopes] },
      level,
      commands: 200,
      sharedKeys,
    };
    const [one, other] = await Promise.all([run(order), run({ ...order, sharedKeys: sharedKeys.toReversed() })]);
    const words = [...one.words, ...other.words];
    expect(words).toHaveLength(480);
    expect(new Set(words)).toEqual(new Set(['SUCCEEDED', 'REFUSED']));
    expect(one.receiptIdOfKey).toEqual(other.receiptIdOfKey);
    expect(Object.keys(one.receiptIdOfKey)).toHaveLength(40);
    expect(await stocked.levelOf(level)).toMatchObject({ onHand: 300, reserved: 300, version: 301 });
  }, 90_000);
});

test('afterwards every receipt verifies, and the events rebuild the tables', async () => {
  const proof = await proveHistory({ adminUrl: stocked.world.testDatabase.adminUrl, signer });
  expect(proof.complaints).toEqual([]);
  expect(proof.receipts).toBeGreaterThan(1_000);
}, 90_000);

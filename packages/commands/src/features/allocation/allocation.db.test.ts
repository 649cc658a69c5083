import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { type Database, openDatabase, type Scope } from '@karmanflow/schema';
import * as v from 'valibot';
import type { Executor } from '../../executor/executor.ts';
import type { Outcome } from '../../executor/outcome.ts';
import { registry } from '../../registry.ts';
import { proveHistory, responseOf } from '../../testing/index.ts';
import { runUnapproved } from '../../testing/run-unapproved.ts';
import {
  bodyOf,
  createStockedWorld,
  type Level,
  receiptOf,
  type StockedWorld,
  tally,
  wordOf,
} from '../../testing/stocked-world.ts';
import type { listAllocations } from './queries/allocations.ts';
import type { preview } from './queries/preview.ts';

setDefaultTimeout(90_000);

let stocked: StockedWorld;
let neighbour: Executor;
let reading: Database;
let scope: Scope;
/** A second place beside the one that the world has. */
let hamburg: string;

beforeAll(async () => {
  stocked = await createStockedWorld();
  neighbour = stocked.neighbour();
  reading = openDatabase({ url: stocked.world.testDatabase.urlFor('kf_read'), applicationName: 'kf-test-allocation' });
  scope = { tenantId: stocked.tenant.tenantId, environmentId: stocked.tenant.environments.sandbox };
  const made = await stocked.tenant.succeed('inventory.register_location', { code: 'HAM-1', name: 'Hamburg' });
  hamburg = String(made['locationId']);
});
afterAll(async () => {
  await reading.close();
  await stocked.close();
});

/** One of the two processes, in turns. */
const process = (index: number): Executor => (index % 2 === 0 ? stocked.world.executor : neighbour);

/** A variant with units in both places. */
async function stock(here: number, there: number): Promise<{ here: Level; there: Level }> {
  const first = await stocked.stock(here);
  const second = { ...first, locationId: hamburg };
  if (there > 0) await stocked.tenant.succeed('inventory.adjust', { ...second, delta: there, reason: 'received' });
  return { here: first, there: second };
}

async function commit(lines: readonly (Level & { quantity: number })[]): Promise<string> {
  const made = await stocked.tenant.succeed('reservation.create', { lines });
  const reservationId = String(made['reservationId']);
  await stocked.tenant.succeed('reservation.commit', { reservationId });
  return reservationId;
}

const allocate = (reservationId: string, input: object = {}, executor: Executor = stocked.world.executor) =>
  stocked.tenant.run('allocation.create', { reservationId, ...input }, { executor });
const cancel = (reservationId: string, executor: Executor = stocked.world.executor): Promise<Outcome> =>
  runUnapproved(executor, 'reservation.cancel', { reservationId }, { caller: stocked.tenant.caller });
const override = (input: object, executor: Executor = stocked.world.executor): Promise<Outcome> =>
  runUnapproved(executor, 'allocation.override', input, { caller: stocked.tenant.caller });

async function quantities(level: Level): Promise<{ onHand: number; reserved: number; allocated: number }> {
  const { rows } = await stocked.admin.query(
    'select on_hand, reserved, allocated from kf.inventory_levels where variant_id = $1 and location_id = $2',
    [level.variantId.slice(4), level.locationId.slice(4)],
  );
  const [row] = rows;
  return { onHand: Number(row?.on_hand), reserved: Number(row?.reserved), allocated: Number(row?.allocated) };
}

async function ask(type: string, input: object): Promise<unknown> {
  const query = registry.queries.get(type);
  if (!query) throw new Error(`no query ${type}`);
  const answer = await query.run(v.parse(query.input, input) as never, {
    ...scope,
    scope,
    database: reading,
    registry,
  });
  return answer === null ? null : v.parse(query.output, answer);
}
type Preview = v.InferOutput<typeof preview.output>;
const previewOf = (input: object) => ask('allocation.preview', input) as Promise<Preview | null>;
const allocationsOf = async (reservationId: string) =>
  ((await ask('allocation.allocations', { reservationId })) as v.InferOutput<typeof listAllocations.output>)
    .allocations;

async function prove(): Promise<readonly string[]> {
  const { adminUrl } = stocked.world.testDatabase;
  return (await proveHistory({ adminUrl, signer: stocked.world.signer })).complaints;
}

describe('an allocation', () => {
  test('does what its preview said, and the preview wrote nothing', async () => {
    const { here, there } = await stock(5, 9);
    const reservationId = await commit([{ ...here, quantity: 3 }]);
    const before = await stocked.admin.query('select count(*) as n from kf.command_receipts');
    const asked = { reservationId, strategy: 'most_available', locationIds: `${here.locationId},${hamburg}` };
    const foreseen = await previewOf(asked);
    expect(foreseen).toMatchObject({ allocations: [{ ...there, lineNumber: 1, quantity: 3 }], refusal: null });
    expect((await stocked.admin.query('select count(*) as n from kf.command_receipts')).rows).toEqual(before.rows);
    expect(await quantities(here)).toEqual({ onHand: 5, reserved: 3, allocated: 0 });
    const made = await allocate(reservationId, {
      strategy: 'most_available',
      locationIds: [here.locationId, hamburg],
    });
    const { allocations } = responseOf(made) as unknown as { allocations: { allocationId: string }[] };
    expect(allocations.map(({ allocationId: _id, ...part }) => part)).toEqual([...(foreseen?.allocations ?? [])]);
    expect(await quantities(here)).toEqual({ onHand: 5, reserved: 0, allocated: 0 });
    expect(await quantities(there)).toEqual({ onHand: 9, reserved: 0, allocated: 3 });
    expect(await previewOf(asked)).toMatchObject({ allocations: [], refusal: { code: 'reservation_allocated' } });
    expect(await prove()).toEqual([]);
  });

  test('is previewed with the reason why there would be none, and not at all for what does not exist', async () => {
    const { here } = await stock(5, 1);
    const reservationId = await commit([{ ...here, quantity: 3 }]);
    expect(await previewOf({ reservationId, strategy: 'fewest_locations', locationIds: hamburg })).toMatchObject({
      refusal: { code: 'stock_insufficient', variantId: here.variantId, quantity: 3, available: 1 },
    });
    expect(await previewOf({ reservationId: `rsv_${Bun.randomUUIDv7()}` })).toBeNull();
  });

  test('is refused a second time, also when both come at once from two processes', async () => {
    for (let round = 0; round < 8; round += 1) {
      const { here } = await stock(5, 5);
      const reservationId = await commit([{ ...here, quantity: 4 }]);
      const outcomes = await Promise.all(
        [0, 1, 2, 3].map((index) =>
          allocate(
            reservationId,
            index % 2 ? { strategy: 'fewest_locations', locationIds: [hamburg, here.locationId] } : {},
            process(index),
          ),
        ),
      );
      expect(tally(outcomes)).toEqual({ SUCCEEDED: 1, reservation_allocated: 3 });
      expect((await allocationsOf(reservationId)).map(({ quantity }) => quantity)).toEqual([4]);
    }
    expect(await prove()).toEqual([]);
  });

  test('of two lines of one reservation on the same item counts both', async () => {
    const { here, there } = await stock(6, 5);
    const reservationId = await commit([
      { ...here, quantity: 3 },
      { ...here, quantity: 3 },
    ]);
    const elsewhere = { strategy: 'fewest_locations', locationIds: [hamburg] };
    expect(wordOf(await allocate(reservationId, elsewhere))).toBe('stock_insufficient');
    await stocked.tenant.succeed('inventory.adjust', { ...there, delta: 1, reason: 'received' });
    expect(wordOf(await allocate(reservationId, elsewhere))).toBe('SUCCEEDED');
    expect(await quantities(there)).toEqual({ onHand: 6, reserved: 0, allocated: 6 });
  });

  test('takes no more from another place than there is, however many reservations want it at once', async () => {
    const { here, there } = await stock(40, 10);
    const reservations = await Promise.all(Array.from({ length: 20 }, () => commit([{ ...here, quantity: 2 }])));
    const outcomes = await Promise.all([
      ...reservations.map((reservationId, index) =>
        allocate(reservationId, { strategy: 'most_available', locationIds: [hamburg] }, process(index)),
      ),
      // New promises want the same units.
      ...Array.from({ length: 10 }, (_one, index) => stocked.reserve(there, 1, { executor: process(index) })),
    ]);
    const allocated = tally(outcomes.slice(0, 20));
    const reserved = tally(outcomes.slice(20));
    expect({ ...allocated, ...reserved }).toEqual({
      SUCCEEDED: expect.any(Number),
      stock_insufficient: expect.any(Number),
    });
    const row = await quantities(there);
    expect(row).toEqual({
      onHand: 10,
      reserved: reserved['SUCCEEDED'] ?? 0,
      allocated: 2 * (allocated['SUCCEEDED'] ?? 0),
    });
    expect(row.reserved + row.allocated).toBeLessThanOrEqual(10);
    expect(row.reserved + row.allocated).toBeGreaterThanOrEqual(9);
    expect(await prove()).toEqual([]);
  });
});

describe('cancelling', () => {
  test('against an allocation at the same moment leaves nothing allocated, and nothing reserved', async () => {
    const { here, there } = await stock(60, 60);
    const reservations = await Promise.all(Array.from({ length: 24 }, () => commit([{ ...here, quantity: 2 }])));
    const outcomes = await Promise.all(
      reservations.flatMap((reservationId, index) => {
        const both = [
          () => allocate(reservationId, { strategy: 'most_available', locationIds: [hamburg] }, process(index)),
          () => cancel(reservationId, process(index + 1)),
        ];
        return (index % 4 < 2 ? both : both.toReversed()).map((send) => send());
      }),
    );
    const counts = tally(outcomes);
    // Each cancellation succeeds; an allocation does when it came first.
    expect(counts['SUCCEEDED'] ?? 0).toBeGreaterThanOrEqual(24);
    expect((counts['SUCCEEDED'] ?? 0) + (counts['reservation_not_committed'] ?? 0)).toBe(48);
    expect(await quantities(here)).toEqual({ onHand: 60, reserved: 0, allocated: 0 });
    expect(await quantities(there)).toEqual({ onHand: 60, reserved: 0, allocated: 0 });
    expect(await prove()).toEqual([]);
  });

  test('of what is allocated frees it where it was allocated', async () => {
    const { here, there } = await stock(5, 5);
    const reservationId = await commit([{ ...here, quantity: 5 }]);
    await allocate(reservationId, { strategy: 'fewest_locations', locationIds: [hamburg] });
    expect(wordOf(await stocked.reserve(there, 1))).toBe('stock_insufficient');
    expect(wordOf(await cancel(reservationId))).toBe('SUCCEEDED');
    expect(await allocationsOf(reservationId)).toMatchObject([{ status: 'RELEASED' }]);
    expect(wordOf(await stocked.reserve(there, 5))).toBe('SUCCEEDED');
    expect(wordOf(await cancel(reservationId))).toBe('reservation_not_active');
    expect(await prove()).toEqual([]);
  });
});

describe('an override', () => {
  test('waits for a human, and moves what was approved', async () => {
    const { here, there } = await stock(5, 5);
    const reservationId = await commit([{ ...here, quantity: 4 }]);
    await allocate(reservationId);
    const [standing] = await allocationsOf(reservationId);
    const input = {
      reservationId,
      allocationId: standing?.allocationId,
      locations: [
        { locationId: hamburg, quantity: 3 },
        { locationId: here.locationId, quantity: 1 },
      ],
    };
    const asked = await stocked.tenant.run('allocation.override', input);
    expect(bodyOf(asked).status).toBe('PENDING_APPROVAL');
    expect(await quantities(there)).toMatchObject({ allocated: 0 });
    const { approvalId } = JSON.parse(Buffer.from(receiptOf(asked).response ?? []).toString('utf8'));
    const ada = await stocked.tenant.signIn('ada');
    await stocked.tenant.succeed('approval.approve', { approvalId }, { caller: ada });
    expect(await quantities(here)).toMatchObject({ allocated: 1 });
    expect(await quantities(there)).toMatchObject({ allocated: 3 });
    expect(
      (await allocationsOf(reservationId)).map(({ status, strategy, overrideOf }) => ({
        status,
        strategy,
        overrideOf,
      })),
    ).toEqual([
      { status: 'MOVED', strategy: 'reserved_location', overrideOf: null },
      { status: 'ALLOCATED', strategy: 'override', overrideOf: standing?.allocationId ?? null },
      { status: 'ALLOCATED', strategy: 'override', overrideOf: standing?.allocationId ?? null },
    ]);
    expect(await prove()).toEqual([]);
  });

  test('of one allocation by two people at once happens once', async () => {
    const { here } = await stock(5, 9);
    const reservationId = await commit([{ ...here, quantity: 4 }]);
    await allocate(reservationId);
    const [standing] = await allocationsOf(reservationId);
    const input = {
      reservationId,
      allocationId: standing?.allocationId,
      locations: [{ locationId: hamburg, quantity: 4 }],
    };
    const outcomes = await Promise.all([0, 1, 2, 3].map((index) => override(input, process(index))));
    expect(tally(outcomes)).toEqual({ SUCCEEDED: 1, allocation_not_active: 3 });
    expect(await prove()).toEqual([]);
  });
});

test('two processes that allocate, move and cancel over the same levels in opposite orders never fail', async () => {
  const mugs = await stock(200, 200);
  const plates = await stock(200, 200);
  const lines = [mugs.here, plates.there, mugs.there, plates.here].map((level) => ({ ...level, quantity: 1 }));
  const reservations = await Promise.all(
    Array.from({ length: 40 }, (_one, index) => commit(index % 2 ? lines : lines.toReversed())),
  );
  const places = [hamburg, mugs.here.locationId];
  const outcomes = await Promise.all(
    reservations.map(async (reservationId, index) => {
      const executor = process(index);
      const locationIds = index % 2 ? places : places.toReversed();
      const made = await allocate(reservationId, { strategy: 'most_available', locationIds }, executor);
      const [first] = await allocationsOf(reservationId);
      const moved = await override(
        {
          reservationId,
          allocationId: first?.allocationId,
          locations: [{ locationId: places[index % 2], quantity: first?.quantity }],
        },
        process(index + 1),
      );
      const ended = index % 3 === 0 ? [await cancel(reservationId, executor)] : [];
      return [made, moved, ...ended];
    }),
  );
  expect(Object.keys(tally(outcomes.flat()))).toEqual(['SUCCEEDED']);
  for (const level of [mugs.here, mugs.there, plates.here, plates.there]) {
    expect(await quantities(level)).toMatchObject({ reserved: 0 });
  }
  expect(await prove()).toEqual([]);
});

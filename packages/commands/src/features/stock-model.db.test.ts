import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import * as fc from 'fast-check';
import { proveHistory } from '../testing/prove-history.ts';
import { createStockedWorld, type StockedWorld } from '../testing/stocked-world.ts';
import { createModelledPlace, type ModelledPlace } from '../testing/modelled-place.ts';
import { type ModelStep, ReferenceModel } from '../testing/reference-model.ts';

setDefaultTimeout(120_000);

const levels = 3;
const onHand = 12;
let stocked: StockedWorld;
let tenants = 0;

beforeAll(async () => {
  stocked = await createStockedWorld();
});
afterAll(() => stocked.close());

/** Two tenants with two environments each: what happens in one must mean nothing to the others. */
async function fourPlaces(): Promise<ModelledPlace[]> {
  const places: ModelledPlace[] = [];
  for (let index = 0; index < 2; index += 1) {
    tenants += 1;
    const tenant = await stocked.world.createTenant(`Model ${tenants}`);
    for (const environment of ['sandbox', 'production'] as const) {
      places.push(await createModelledPlace({ tenant, environment, admin: stocked.admin, levels, onHand }));
    }
  }
  return places;
}

const level = fc.nat({ max: levels - 1 });
/** Small numbers: what is asked for was mostly made a moment before. */
const which = fc.nat({ max: 9 });
// One batch with two lines of the same item, in any order, is among these: it shipped broken elsewhere.
const lines = fc.array(fc.record({ level, quantity: fc.integer({ min: 1, max: 5 }) }), { minLength: 1, maxLength: 3 });
const step: fc.Arbitrary<ModelStep> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('reserve' as const), lines }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('commit' as const), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('allocate' as const), which }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('cancel' as const), which }) },
  {
    weight: 1,
    arbitrary: fc
      .record({ do: fc.constant('adjust' as const), level, delta: fc.integer({ min: -6, max: 6 }) })
      .filter(({ delta }) => delta !== 0),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('limit' as const), level, units: fc.nat({ max: 6 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('approve' as const, 'deny' as const, 'approve' as const), which }),
  },
);
// Without bias: fast-check otherwise begins with short histories of small numbers, in which little happens.
const placed = fc.noBias(fc.array(fc.record({ place: fc.nat({ max: 3 }), step }), { minLength: 40, maxLength: 80 }));

/**
 * Points a step at something that is there: what it names wraps round. Null when there is nothing yet; that something is
 * not found is for other tests.
 */
function aimed(model: ReferenceModel, wanted: ModelStep): ModelStep | null {
  if (!('which' in wanted)) return wanted;
  const isVote = wanted.do === 'approve' || wanted.do === 'deny';
  const { length } = isVote ? model.requests : model.reservations;
  return length === 0 ? null : { ...wanted, which: wanted.which % length };
}

test('one command after the other, every outcome and every quantity is the model’s', async () => {
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(placed, async (steps) => {
      const places = await fourPlaces();
      const models = places.map(() => new ReferenceModel({ levels, onHand }));
      for (const { place: index, step: wanted } of steps) {
        const [place, model] = [places[index], models[index]];
        if (!place || !model) throw new Error('four places');
        const taken = aimed(model, wanted);
        if (!taken) continue;
        const expected = model.run(taken);
        expect({ taken, ended: await place.run(taken) }).toEqual({ taken, ended: expected });
        seen.set(`${taken.do} ${expected}`, (seen.get(`${taken.do} ${expected}`) ?? 0) + 1);
      }
      for (const [index, place] of places.entries()) expect(await place.levels()).toEqual(models[index]?.levels ?? []);
    }),
    { numRuns: 15 },
  );
  // A model that only ever saw success would prove little.
  const missing = [
    'reserve SUCCEEDED',
    'reserve stock_insufficient',
    'commit SUCCEEDED',
    'allocate SUCCEEDED',
    'cancel PENDING_APPROVAL',
    'approve EXECUTED',
    'deny DENIED',
  ].filter((end) => !seen.has(end));
  expect(missing).toEqual([]);
});

test('all at once, from two processes, no promise exceeds the policy and every quantity is the sum of its movements', async () => {
  const neighbour = stocked.neighbour();
  let commands = 0;
  // The test before took promised stock away on purpose; what that left uncovered stays so.
  const uncovered = async (): Promise<number> => {
    const { rows } = await stocked.admin.query(
      'select count(*)::int as n from kf.inventory_levels where shortfall > 0',
    );
    return rows[0].n;
  };
  const before = await uncovered();
  await fc.assert(
    fc.asyncProperty(fc.array(placed, { minLength: 3, maxLength: 3 }), async (clients) => {
      const places = await fourPlaces();
      // Nothing is taken away that was promised: then nothing may ever be uncovered, in any order of events.
      const isGiving = (wanted: ModelStep): boolean =>
        wanted.do !== 'limit' && (wanted.do !== 'adjust' || wanted.delta > 0);
      await Promise.all(
        clients.map(async (steps, client) => {
          const executor = client % 2 === 0 ? stocked.world.executor : neighbour;
          const pending: Promise<string>[] = [];
          for (const { place: index, step: wanted } of steps.filter((one) => isGiving(one.step))) {
            const place = places[index];
            if (!place) throw new Error('four places');
            pending.push(place.run(wanted, executor));
            commands += 1;
            if (pending.length >= 8) await Promise.all(pending.splice(0));
          }
          for (const end of await Promise.all(pending)) expect(end).not.toBe('internal_error');
        }),
      );
      for (const place of places) {
        for (const { onHand: has, reserved, allocated, limit } of await place.levels())
          expect(reserved + allocated).toBeLessThanOrEqual(has + limit);
      }
      expect(await uncovered()).toBe(before);
    }),
    { numRuns: 5 },
  );
  expect(commands).toBeGreaterThan(300);
});

test('afterwards every receipt verifies, and the events rebuild the tables', async () => {
  const proof = await proveHistory({ adminUrl: stocked.world.testDatabase.adminUrl, signer: stocked.world.signer });
  expect(proof.complaints).toEqual([]);
  expect(proof.receipts).toBeGreaterThan(500);
});

import { describe, expect, test } from 'bun:test';
import type { Id } from '@karmanflow/schema';
import * as fc from 'fast-check';
import { type AllocationStrategy, allocationStrategies } from '../inventory/index.ts';
import { type AllocationTask, planAllocation, type ReservedLine } from './plan-allocation.ts';

const uuid = (number: number): string => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;
const variants = [1, 2, 3].map((number): Id<'variant'> => `var_${uuid(number)}`);
const locations = [1, 2, 3, 4, 5].map((number): Id<'location'> => `loc_${uuid(number)}`);

interface Case {
  readonly lines: readonly { readonly variant: number; readonly location: number; readonly quantity: number }[];
  /** Free units of each variant at each location, beside what the lines hold there. */
  readonly free: readonly (readonly number[])[];
}

const anyCase: fc.Arbitrary<Case> = fc.record({
  lines: fc.array(
    fc.record({
      variant: fc.nat({ max: 2 }),
      location: fc.nat({ max: 4 }),
      quantity: fc.integer({ min: 1, max: 6 }),
    }),
    { minLength: 1, maxLength: 5 },
  ),
  free: fc.array(fc.array(fc.nat({ max: 8 }), { minLength: 5, maxLength: 5 }), { minLength: 3, maxLength: 3 }),
});

function taskOf({ lines, free }: Case, candidates = locations): AllocationTask {
  const reserved = lines.map(({ variant, location, quantity }, index): ReservedLine => ({
    lineNumber: index + 1,
    variantId: variants[variant] as Id<'variant'>,
    locationId: locations[location] as Id<'location'>,
    quantity,
  }));
  const own = (variantId: string, locationId: string): number =>
    reserved
      .filter((line) => line.variantId === variantId && line.locationId === locationId)
      .reduce((sum, line) => sum + line.quantity, 0);
  return {
    lines: reserved,
    candidates,
    capacityOf: (variantId, locationId) =>
      own(variantId, locationId) + (free[variants.indexOf(variantId)]?.[locations.indexOf(locationId)] ?? 0),
  };
}

/** Whether these locations have enough of everything, written a second time. */
function suffices(task: AllocationTask, chosen: readonly Id<'location'>[]): boolean {
  return variants.every((variantId) => {
    const wanted = task.lines
      .filter((line) => line.variantId === variantId)
      .reduce((sum, one) => sum + one.quantity, 0);
    return chosen.reduce((sum, locationId) => sum + task.capacityOf(variantId, locationId), 0) >= wanted;
  });
}

/** The number of locations of the smallest choice that has enough; null when all together have not. */
function smallestChoice(task: AllocationTask): number | null {
  let best: number | null = null;
  for (let bits = 1; bits < 1 << task.candidates.length; bits += 1) {
    const chosen = task.candidates.filter((_one, at) => (bits & (1 << at)) !== 0);
    if (suffices(task, chosen) && (best === null || chosen.length < best)) best = chosen.length;
  }
  return best;
}

describe.each(allocationStrategies.map((strategy) => [strategy] as const))('%s', (strategy: AllocationStrategy) => {
  test('places every unit of every line once, nowhere more than there is, or says of what there is too little', () => {
    const seen = { planned: 0, insufficient: 0 };
    fc.assert(
      fc.property(anyCase, fc.shuffledSubarray(locations, { minLength: 1 }), (given, candidates) => {
        const task = taskOf(given, candidates);
        const plan = planAllocation(strategy, task);
        seen[plan.kind] += 1;
        if (plan.kind === 'insufficient') {
          expect(suffices(task, candidates)).toBe(false);
          expect(plan.available).toBeLessThan(plan.quantity);
          return;
        }
        const placed = new Map<string, number>();
        for (const { variantId, locationId, quantity } of plan.parts) {
          expect(quantity).toBeGreaterThan(0);
          if (strategy !== 'reserved_location') expect(candidates).toContain(locationId);
          const name = `${variantId} ${locationId}`;
          placed.set(name, (placed.get(name) ?? 0) + quantity);
          expect(placed.get(name)).toBeLessThanOrEqual(task.capacityOf(variantId, locationId));
        }
        for (const line of task.lines) {
          const parts = plan.parts.filter((part) => part.lineNumber === line.lineNumber);
          expect(parts.every((part) => part.variantId === line.variantId)).toBe(true);
          expect(parts.reduce((sum, part) => sum + part.quantity, 0)).toBe(line.quantity);
          expect(new Set(parts.map((part) => part.locationId)).size).toBe(parts.length);
        }
        expect(planAllocation(strategy, task)).toEqual(plan);
      }),
      { numRuns: 400 },
    );
    expect(seen.planned).toBeGreaterThan(50);
    if (strategy !== 'reserved_location') expect(seen.insufficient).toBeGreaterThan(20);
  });
});

test('fewest_locations uses no more locations than needed where one or two are enough, and never all without need', () => {
  const sizes = new Set<number>();
  fc.assert(
    fc.property(anyCase, (given) => {
      const task = taskOf(given);
      const smallest = smallestChoice(task);
      const plan = planAllocation('fewest_locations', task);
      expect(plan.kind).toBe(smallest === null ? 'insufficient' : 'planned');
      if (plan.kind !== 'planned' || smallest === null) return;
      const used = new Set(plan.parts.map(({ locationId }) => locationId)).size;
      sizes.add(smallest);
      if (smallest <= 2) expect(used).toBeLessThanOrEqual(smallest);
      // What it takes greedily is at most one location away in a world of five.
      else expect(used).toBeLessThanOrEqual(smallest + 1);
    }),
    { numRuns: 400 },
  );
  expect([...sizes].toSorted()).toEqual(expect.arrayContaining([1, 2]));
});

test('fewest_locations keeps a line whole where a location of the choice can send all of it', () => {
  const plan = planAllocation(
    'fewest_locations',
    taskOf({
      lines: [
        { variant: 0, location: 0, quantity: 6 },
        { variant: 1, location: 4, quantity: 2 },
      ],
      free: [
        [0, 9, 0, 0, 0],
        [0, 1, 0, 0, 0],
        [0, 0, 0, 0, 0],
      ],
    }),
  );
  expect(plan).toMatchObject({
    kind: 'planned',
    parts: [
      { lineNumber: 1, quantity: 6 },
      { lineNumber: 2, quantity: 2 },
    ],
  });
});

test('most_available takes each line from where most is left', () => {
  const plan = planAllocation(
    'most_available',
    taskOf({
      lines: [
        { variant: 0, location: 0, quantity: 3 },
        { variant: 0, location: 0, quantity: 4 },
      ],
      free: [
        [0, 9, 8, 0, 0],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
      ],
    }),
  );
  // The second line finds six left at the second location, and eight at the third.
  expect(plan).toMatchObject({
    parts: [
      { lineNumber: 1, locationId: locations[1], quantity: 3 },
      { lineNumber: 2, locationId: locations[2], quantity: 4 },
    ],
  });
});

import { expect, test } from 'bun:test';
import type { Id } from '@karmanflow/schema';
import * as fc from 'fast-check';
import { rebuildTables } from '../../rebuild.ts';
import { registry } from '../../registry.ts';
import { PureHistory } from '../../testing/pure-history.ts';
import {
  adjust,
  allocation,
  allocationStrategies,
  applyOversellPolicy,
  availableToPromise,
  channelRegistered,
  clearOversellPolicy,
  effectiveOversell,
  inventoryLevel,
  type InventoryLevel,
  locationRegistered,
  oversellApplication,
  oversellPolicy,
  setOversellPolicy,
  setSafetyStock,
  stockMovement,
  variantRegistered,
} from '../inventory/index.ts';
import { cancel, commit, create as reserve, linesOf, reservation } from '../reservation/index.ts';
import { create, override } from './index.ts';

const uuid = (number: number): string => `11111111-0000-7000-8000-${String(number).padStart(12, '0')}`;
const variants = [1, 2].map((number): Id<'variant'> => `var_${uuid(number)}`);
const locations = [1, 2, 3].map((number): Id<'location'> => `loc_${uuid(number)}`);
const web: Id<'salesChannel'> = `chn_${uuid(9)}`;
const at = { now: '2026-01-01T00:00:00.000Z' };

const anyVariant = fc.constantFrom(...variants);
const anyLocation = fc.constantFrom(...locations);
const anyReservation = fc.nat({ max: 7 });
const subject = fc.oneof(
  fc.record({ scope: fc.constant('VARIANT_LOCATION' as const), variantId: anyVariant, locationId: anyLocation }),
  fc.record({ scope: fc.constant('VARIANT' as const), variantId: anyVariant }),
  fc.record({ scope: fc.constant('LOCATION' as const), locationId: anyLocation }),
  fc.constant({ scope: 'SALES_CHANNEL' as const, salesChannelId: web }),
);
const anyStep = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('adjust' as const),
      variantId: anyVariant,
      locationId: anyLocation,
      delta: fc.integer({ min: -6, max: 10 }).filter(Boolean),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('safety' as const),
      variantId: anyVariant,
      locationId: anyLocation,
      safetyStock: fc.nat({ max: 4 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('reserve' as const),
      through: fc.boolean(),
      lines: fc.array(
        fc.record({ variantId: anyVariant, locationId: anyLocation, quantity: fc.integer({ min: 1, max: 4 }) }),
        { minLength: 1, maxLength: 3 },
      ),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('commit' as const), which: anyReservation }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('allocate' as const),
      which: anyReservation,
      strategy: fc.constantFrom(...allocationStrategies),
      locationIds: fc.option(fc.shuffledSubarray(locations, { minLength: 1 }), { nil: undefined }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('override' as const),
      which: anyReservation,
      first: anyLocation,
      second: fc.option(anyLocation, { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), which: anyReservation }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('policy' as const),
      subject,
      mode: fc.constantFrom('STRICT', 'LIMIT', 'BACKORDER', 'CLEAR'),
      quantity: fc.integer({ min: 1, max: 5 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('apply' as const), finished: fc.boolean() }) },
);
type Step = typeof anyStep extends fc.Arbitrary<infer S> ? S : never;

function openHistory(): PureHistory {
  const history = new PureHistory(registry);
  history.append(
    [
      ...variants.map((variantId, index) => variantRegistered.of({ variantId, sku: `S${index}`, name: 'v' })),
      ...locations.map((locationId, index) => locationRegistered.of({ locationId, code: `L${index}`, name: 'l' })),
      channelRegistered.of({
        salesChannelId: web,
        code: 'web',
        name: 'w',
        locations: locations.slice(0, 2).map((locationId, index) => ({ locationId, bufferQuantity: index })),
      }),
    ],
    at,
  );
  for (const variantId of variants) {
    for (const locationId of locations.slice(0, 2))
      history.run(adjust, { variantId, locationId, delta: 8, reason: 'r' }, at);
  }
  return history;
}

const levelsOf = (history: PureHistory): InventoryLevel[] => history.state.list(inventoryLevel, {});

function perform(history: PureHistory, step: Step): 'accept' | 'refuse' | 'skip' {
  // Every third step takes any reservation, so that what must be refused is tried too.
  const named = (which: number, status: 'ACTIVE' | 'COMMITTED') => {
    const all = history.state.list(reservation, which % 3 === 0 ? {} : { status });
    return all[which % Math.max(1, all.length)]?.id;
  };
  if (step.do === 'adjust') return history.run(adjust, { ...step, reason: 'r' }, at).kind;
  if (step.do === 'safety') return history.run(setSafetyStock, step, at).kind;
  if (step.do === 'reserve') {
    const channel = step.through ? { salesChannelId: web } : {};
    return history.run(reserve, { ...channel, holdSeconds: 900, lines: step.lines }, at).kind;
  }
  if (step.do === 'policy') {
    if (step.mode === 'CLEAR') return history.run(clearOversellPolicy, step.subject, at).kind;
    const mode = step.mode as 'STRICT' | 'LIMIT' | 'BACKORDER';
    const quantity = mode === 'STRICT' ? 0 : step.quantity;
    return history.run(setOversellPolicy, { ...step.subject, mode, quantity }, at).kind;
  }
  if (step.do === 'apply') {
    const [application] = history.state.list(oversellApplication, { status: 'RUNNING' });
    if (!application) return 'skip';
    const { scopeKey, revision } = application;
    const concerned = levelsOf(history).filter(({ variantId, locationId }) =>
      scopeKey.split(':').every((id) => id === variantId || id === locationId),
    );
    const levels = concerned.map(({ variantId, locationId }) => ({ variantId, locationId }));
    return history.run(applyOversellPolicy, { scopeKey, revision, levels, finished: step.finished }, at).kind;
  }
  const reservationId = named(step.which, step.do === 'commit' ? 'ACTIVE' : 'COMMITTED');
  if (!reservationId) return 'skip';
  if (step.do === 'commit') return history.run(commit, { reservationId }, at).kind;
  if (step.do === 'cancel') return history.run(cancel, { reservationId }, at).kind;
  if (step.do === 'allocate') {
    const chosen = step.locationIds ? { locationIds: step.locationIds } : {};
    return history.run(create, { reservationId, strategy: step.strategy, ...chosen }, at).kind;
  }
  const [standing] = history.state.list(allocation, { reservationId, status: 'ALLOCATED' });
  if (!standing) return 'skip';
  const { id: allocationId, quantity } = standing;
  const split = step.second && step.second !== step.first && quantity > 1 ? 1 : 0;
  const places = [
    { locationId: step.first, quantity: quantity - split },
    ...(split > 0 && step.second ? [{ locationId: step.second, quantity: split }] : []),
  ];
  return history.run(override, { reservationId, allocationId, locations: places }, at).kind;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/** Everything that must hold of the levels, whatever happened. */
function checkLevels(history: PureHistory): void {
  const reservations = history.state.list(reservation, {});
  const allocations = history.state.list(allocation, {});
  const open = reservations.filter(
    ({ id, status }) =>
      (status === 'ACTIVE' || status === 'COMMITTED') && !allocations.some((one) => one.reservationId === id),
  );
  for (const level of levelsOf(history)) {
    const here = (one: { variantId: string; locationId: string }): boolean =>
      one.variantId === level.variantId && one.locationId === level.locationId;
    const lines = open.flatMap(({ createdByEvent }) => [...linesOf(history.state, createdByEvent)]).filter(here);
    const standing = allocations.filter((one) => one.status === 'ALLOCATED' && here(one));
    expect(level.reserved).toBe(sum(lines.map(({ quantity }) => quantity)));
    expect(level.allocated).toBe(sum(standing.map(({ quantity }) => quantity)));
    const moves = history.state.list(stockMovement, {}).filter(here);
    for (const [state, quantity] of [
      ['RESERVED', level.reserved],
      ['ALLOCATED', level.allocated],
      ['EXTERNAL', 0 - level.onHand],
    ] as const) {
      const into = moves.filter((move) => move.toState === state).map((move) => move.quantity);
      const outOf = moves.filter((move) => move.fromState === state).map((move) => move.quantity);
      expect(sum(into) - sum(outOf)).toBe(quantity);
    }
    for (const quantity of Object.values(level))
      if (typeof quantity === 'number') expect(quantity).toBeGreaterThanOrEqual(0);
    // The table's own check, and that shortfall says no more than is uncovered.
    expect(availableToPromise(level) + level.shortfall).toBeGreaterThanOrEqual(0);
    expect(level.shortfall).toBe(Math.max(0, -availableToPromise(level)));
  }
}

/** A reservation that is allocated is so with every unit of every line, while it stands. */
function checkAllocations(history: PureHistory): void {
  for (const { id, status, createdByEvent } of history.state.list(reservation, {})) {
    const all = history.state.list(allocation, { reservationId: id });
    if (all.length === 0) continue;
    for (const [index, line] of linesOf(history.state, createdByEvent).entries()) {
      const standing = all.filter((one) => one.status === 'ALLOCATED' && one.lineNumber === index + 1);
      expect(standing.every((one) => one.variantId === line.variantId)).toBe(true);
      expect(sum(standing.map(({ quantity }) => quantity))).toBe(status === 'COMMITTED' ? line.quantity : 0);
    }
  }
}

test('any sequence of policies, reservations and allocations: promises have their units, and nothing is oversold', () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(fc.array(anyStep, { minLength: 25, maxLength: 70 }), (steps) => {
      const history = openHistory();
      for (const step of steps) {
        const before = new Map(levelsOf(history).map((level) => [`${level.variantId}:${level.locationId}`, level]));
        const result = perform(history, step);
        seen.set(`${step.do} ${result}`, (seen.get(`${step.do} ${result}`) ?? 0) + 1);
        for (const level of levelsOf(history)) {
          const was = before.get(`${level.variantId}:${level.locationId}`);
          const more = level.reserved + level.allocated - (was ? was.reserved + was.allocated : 0);
          // Whoever promises more promises within the policy; only truth and policy leave a shortfall.
          if (more > 0) expect(availableToPromise(level)).toBeGreaterThanOrEqual(0);
          if (level.shortfall > (was?.shortfall ?? 0))
            expect(['adjust', 'safety', 'policy', 'apply']).toContain(step.do);
        }
        checkLevels(history);
      }
      checkAllocations(history);
      const tables = rebuildTables(registry, history.events);
      expect([...(tables.get('allocations')?.values() ?? [])].map((row) => [row['id'], row['status']])).toEqual(
        history.state.list(allocation, {}).map(({ id, status }) => [id.slice(4), status]),
      );
      for (const row of tables.get('inventory_levels')?.values() ?? []) {
        const level = history.state.get(inventoryLevel, {
          variantId: `var_${row['variant_id']}`,
          locationId: `loc_${row['location_id']}`,
        });
        expect(row).toMatchObject({
          reserved: level?.reserved,
          allocated: level?.allocated,
          oversell_limit: level?.oversellLimit,
          shortfall: level?.shortfall,
        });
      }
    }),
    { numRuns: 120 },
  );
  for (const what of ['reserve', 'allocate', 'override', 'cancel', 'policy']) {
    expect({ what, accepted: (seen.get(`${what} accept`) ?? 0) > 20 }).toEqual({ what, accepted: true });
    expect({ what, refused: (seen.get(`${what} refuse`) ?? 0) > 5 }).toEqual({ what, refused: true });
  }
}, 60_000);

test('once every application is carried out, each level has the limit of the policies, in whatever order they came', () => {
  const policies = anyStep.filter(({ do: what }) => what === 'policy' || what === 'adjust' || what === 'apply');
  let levels = 0;
  fc.assert(
    fc.property(fc.array(policies, { minLength: 5, maxLength: 30 }), (steps) => {
      const history = openHistory();
      for (const step of steps) perform(history, step.do === 'apply' ? { ...step, finished: false } : step);
      while (history.state.list(oversellApplication, { status: 'RUNNING' }).length > 0) {
        expect(perform(history, { do: 'apply', finished: true })).toBe('accept');
      }
      const rules = new Map(history.state.list(oversellPolicy, {}).map((one) => [one.scopeKey, one]));
      for (const level of levelsOf(history)) {
        levels += 1;
        expect(level.oversellLimit).toBe(effectiveOversell(level, (scopeKey) => rules.get(scopeKey)).quantity);
      }
    }),
    { numRuns: 120 },
  );
  expect(levels).toBeGreaterThan(100);
});

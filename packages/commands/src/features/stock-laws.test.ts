import { describe, expect, test } from 'bun:test';
import { type Id, limits } from '@karmanflow/schema';
import * as fc from 'fast-check';
import { rebuildTables } from '../rebuild.ts';
import { registry } from '../registry.ts';
import { PureHistory } from '../testing/pure-history.ts';
import {
  adjust,
  availableToPromise,
  channelRegistered,
  inventoryLevel,
  type InventoryLevel,
  locationRegistered,
  setSafetyStock,
  stockMovement,
  variantRegistered,
} from './inventory/index.ts';
import { cancel, commit, create, expire, extend, reservation } from './reservation/index.ts';

const uuid = (number: number): string => `11111111-0000-7000-8000-${String(number).padStart(12, '0')}`;
const variants = [1, 2, 3].map((number): Id<'variant'> => `var_${uuid(number)}`);
const locations = [1, 2].map((number): Id<'location'> => `loc_${uuid(number)}`);
const channels = [1, 2].map((number): Id<'salesChannel'> => `chn_${uuid(number)}`);
/** Channel 0 sells from both locations, channel 1 from the second only. */
const buffers: readonly (readonly (number | undefined)[])[] = [
  [1, 0],
  [undefined, 2],
];
const epoch = Date.parse('2026-01-01T00:00:00.000Z');

interface ModelLevel {
  onHand: number;
  reserved: number;
  safety: number;
}
interface ModelReservation {
  readonly id: Id<'reservation'>;
  readonly lines: readonly Line[];
  status: 'ACTIVE' | 'COMMITTED' | 'EXPIRED' | 'CANCELLED';
  endsAt: number;
  extensions: number;
}
interface Line {
  readonly variant: number;
  readonly location: number;
  readonly quantity: number;
}

type Step =
  | { readonly do: 'adjust'; readonly variant: number; readonly location: number; readonly delta: number }
  | { readonly do: 'safety'; readonly variant: number; readonly location: number; readonly units: number }
  | {
      readonly do: 'create';
      readonly channel: number | null;
      readonly holdSeconds: number;
      readonly lines: readonly Line[];
    }
  | { readonly do: 'extend'; readonly which: number; readonly holdSeconds: number }
  | { readonly do: 'commit'; readonly which: number }
  | { readonly do: 'expire'; readonly which: number }
  | { readonly do: 'cancel'; readonly which: number }
  | { readonly do: 'wait'; readonly seconds: number };

const anyVariant = fc.nat({ max: 2 });
const anyLocation = fc.nat({ max: 1 });
const anyHold = fc.constantFrom(1, 60, 900, limits.reservationHoldMaxSeconds, limits.reservationHoldMaxSeconds + 1);
const anyReservation = fc.nat({ max: 9 });
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('adjust' as const),
      variant: anyVariant,
      location: anyLocation,
      delta: fc.integer({ min: -8, max: 12 }).filter(Boolean),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('safety' as const),
      variant: anyVariant,
      location: anyLocation,
      units: fc.nat({ max: 6 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('create' as const),
      channel: fc.constantFrom(null, null, 0, 1),
      holdSeconds: anyHold,
      lines: fc.array(
        fc.record({ variant: anyVariant, location: anyLocation, quantity: fc.integer({ min: 1, max: 5 }) }),
        {
          minLength: 1,
          maxLength: 4,
        },
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('extend' as const), which: anyReservation, holdSeconds: anyHold }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('commit' as const, 'expire' as const, 'cancel' as const),
      which: anyReservation,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.constantFrom(1, 59, 900, 20_000) }),
  },
);

/** What the features should do, written a second time and as simply as possible: whether a step is accepted, and what it leaves. */
class Model {
  readonly levels = new Map<string, ModelLevel>();
  readonly reservations: ModelReservation[] = [];
  now = epoch;

  reservation(which: number): ModelReservation | undefined {
    return this.reservations.length === 0 ? undefined : this.reservations[which % this.reservations.length];
  }

  free(line: { variant: number; location: number }, channel: number | null): number {
    const level = this.levels.get(`${line.variant} ${line.location}`);
    const buffer = channel === null ? 0 : buffers[channel]?.[line.location];
    if (!level || buffer === undefined) return Number.NEGATIVE_INFINITY;
    return level.onHand - level.reserved - level.safety - buffer;
  }

  accepts(step: Exclude<Step, { do: 'wait' }>): boolean {
    if (step.do === 'adjust')
      return (this.levels.get(`${step.variant} ${step.location}`)?.onHand ?? 0) + step.delta >= 0;
    if (step.do === 'safety') return this.levels.has(`${step.variant} ${step.location}`);
    if (step.do === 'create') {
      if (step.holdSeconds > limits.reservationHoldMaxSeconds) return false;
      return step.lines.every((line) => {
        const wanted = step.lines
          .filter((other) => other.variant === line.variant && other.location === line.location)
          .reduce((sum, other) => sum + other.quantity, 0);
        return wanted <= this.free(line, step.channel);
      });
    }
    const held = this.reservation(step.which);
    if (!held) return false;
    const isLive = held.status === 'ACTIVE' && this.now < held.endsAt;
    if (step.do === 'commit') return isLive;
    if (step.do === 'expire') return held.status === 'ACTIVE' && this.now >= held.endsAt;
    if (step.do === 'cancel') return held.status === 'ACTIVE' || held.status === 'COMMITTED';
    const isLonger = this.now + step.holdSeconds * 1000 > held.endsAt;
    return (
      isLive &&
      isLonger &&
      step.holdSeconds <= limits.reservationHoldMaxSeconds &&
      held.extensions < limits.reservationExtensions
    );
  }

  apply(step: Exclude<Step, { do: 'wait' }>, made: Id<'reservation'> | undefined): void {
    if (step.do === 'adjust' || step.do === 'safety') {
      const name = `${step.variant} ${step.location}`;
      const level = this.levels.get(name) ?? { onHand: 0, reserved: 0, safety: 0 };
      this.levels.set(name, level);
      if (step.do === 'adjust') level.onHand += step.delta;
      else level.safety = step.units;
      return;
    }
    if (step.do === 'create') {
      if (!made) throw new Error('a reservation without an id');
      this.#reserve(step.lines, 1);
      this.reservations.push({
        id: made,
        lines: step.lines,
        status: 'ACTIVE',
        endsAt: this.now + step.holdSeconds * 1000,
        extensions: 0,
      });
      return;
    }
    const held = this.reservation(step.which);
    if (!held) throw new Error('the model accepted a reservation that it does not have');
    if (step.do === 'extend') {
      held.extensions += 1;
      held.endsAt = this.now + step.holdSeconds * 1000;
      return;
    }
    held.status = { commit: 'COMMITTED', expire: 'EXPIRED', cancel: 'CANCELLED' }[
      step.do
    ] as ModelReservation['status'];
    if (step.do !== 'commit') this.#reserve(held.lines, -1);
  }

  #reserve(lines: readonly Line[], sign: 1 | -1): void {
    for (const { variant: at, location: where, quantity } of lines) {
      const level = this.levels.get(`${at} ${where}`);
      if (level) level.reserved += sign * quantity;
    }
  }
}

const idOf = <T>(list: readonly T[], position: number): T => {
  const found = list[position];
  if (found === undefined) throw new Error(`nothing at ${position}`);
  return found;
};

function openHistory(): PureHistory {
  const history = new PureHistory(registry);
  history.append(
    [
      ...variants.map((variantId, at) => variantRegistered.of({ variantId, sku: `S${at}`, name: 'v' })),
      ...locations.map((locationId, at) => locationRegistered.of({ locationId, code: `L${at}`, name: 'l' })),
      ...channels.map((salesChannelId, at) =>
        channelRegistered.of({
          salesChannelId,
          code: `C${at}`,
          name: 'c',
          locations: locations.flatMap((locationId, place) => {
            const bufferQuantity = buffers[at]?.[place];
            return bufferQuantity === undefined ? [] : [{ locationId, bufferQuantity }];
          }),
        }),
      ),
    ],
    { now: new Date(epoch).toISOString() },
  );
  return history;
}

function perform(history: PureHistory, model: Model, step: Exclude<Step, { do: 'wait' }>) {
  const at = { now: new Date(model.now).toISOString() };
  if (step.do === 'create') {
    const lines = step.lines.map(({ variant: v, location: l, quantity }) => ({
      variantId: idOf(variants, v),
      locationId: idOf(locations, l),
      quantity,
    }));
    const channel = step.channel === null ? {} : { salesChannelId: idOf(channels, step.channel) };
    return history.run(create, { ...channel, holdSeconds: step.holdSeconds, lines }, at);
  }
  if (step.do === 'adjust' || step.do === 'safety') {
    const key = { variantId: idOf(variants, step.variant), locationId: idOf(locations, step.location) };
    if (step.do === 'adjust') return history.run(adjust, { ...key, delta: step.delta, reason: 'r' }, at);
    return history.run(setSafetyStock, { ...key, safetyStock: step.units }, at);
  }
  const reservationId = model.reservation(step.which)?.id ?? (`rsv_${uuid(999)}` as const);
  if (step.do === 'extend') return history.run(extend, { reservationId, holdSeconds: step.holdSeconds }, at);
  return history.run({ commit, expire, cancel }[step.do] as typeof commit, { reservationId }, at);
}

const levelsOf = (history: PureHistory): InventoryLevel[] => history.state.list(inventoryLevel, {});

/** The sum of what moved into a state less what moved out of it. */
function moved(history: PureHistory, level: InventoryLevel, state: 'EXTERNAL' | 'RESERVED'): number {
  const { variantId, locationId } = level;
  return history.state
    .list(stockMovement, { variantId, locationId })
    .reduce(
      (sum, move) =>
        sum + (move.toState === state ? move.quantity : 0) - (move.fromState === state ? move.quantity : 0),
      0,
    );
}

function checkLevels(history: PureHistory, model: Model): void {
  const levels = levelsOf(history);
  expect(levels).toHaveLength(model.levels.size);
  for (const level of levels) {
    const expected = model.levels.get(`${variants.indexOf(level.variantId)} ${locations.indexOf(level.locationId)}`);
    expect({ onHand: level.onHand, reserved: level.reserved, safety: level.safetyStock }).toEqual(
      expected as ModelLevel,
    );
    for (const quantity of Object.values(level))
      if (typeof quantity === 'number') expect(quantity).toBeGreaterThanOrEqual(0);
    expect(availableToPromise(level) + level.shortfall).toBeGreaterThanOrEqual(0);
    expect(level.shortfall).toBe(Math.max(0, -availableToPromise(level)));
    expect(level.onHand + moved(history, level, 'EXTERNAL')).toBe(0);
    expect(moved(history, level, 'RESERVED')).toBe(level.reserved);
    const lines = model.reservations
      .filter((one) => one.status === 'ACTIVE' || one.status === 'COMMITTED')
      .flatMap((one) => one.lines)
      .filter((line) => variants[line.variant] === level.variantId && locations[line.location] === level.locationId);
    expect(lines.reduce((sum, line) => sum + line.quantity, 0)).toBe(level.reserved);
  }
}

function runSteps(steps: readonly Step[]): { history: PureHistory; accepted: number; refused: number } {
  const history = openHistory();
  const model = new Model();
  let accepted = 0;
  let refused = 0;
  for (const step of steps) {
    if (step.do === 'wait') {
      model.now += step.seconds * 1000;
      continue;
    }
    const before = new Map(levelsOf(history).map((level) => [`${level.variantId} ${level.locationId}`, level]));
    const expected = model.accepts(step);
    const verdict = perform(history, model, step);
    expect({ step, accepted: verdict.kind === 'accept' }).toEqual({ step, accepted: expected });
    if (verdict.kind === 'accept') {
      accepted += 1;
      model.apply(step, 'reservationId' in verdict.response ? verdict.response.reservationId : undefined);
    } else refused += 1;
    checkLevels(history, model);
    for (const level of levelsOf(history)) {
      const was = before.get(`${level.variantId} ${level.locationId}`)?.shortfall ?? 0;
      if (level.shortfall > was) expect(['adjust', 'safety']).toContain(step.do);
      const changed = before.get(`${level.variantId} ${level.locationId}`) !== level;
      if (step.do === 'create' && changed) expect(availableToPromise(level)).toBeGreaterThanOrEqual(0);
      if (verdict.kind === 'refuse') expect(changed).toBe(false);
    }
  }
  for (const { id, status } of model.reservations) expect(history.state.get(reservation, { id })?.status).toBe(status);
  return { history, accepted, refused };
}

describe('any sequence of commands', () => {
  test('agrees with the model: never oversold, quantities are the sums of movements, reserved is the sum of open lines', () => {
    let accepted = 0;
    let refused = 0;
    fc.assert(
      fc.property(fc.array(anyStep, { minLength: 20, maxLength: 60 }), (steps) => {
        const result = runSteps(steps);
        accepted += result.accepted;
        refused += result.refused;
      }),
      { numRuns: 150, includeErrorInReport: true },
    );
    // Both sides of every rule were visited.
    expect(accepted).toBeGreaterThan(200);
    expect(refused).toBeGreaterThan(200);
  });

  test('gives tables that its events alone rebuild, in whatever order they come', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { minLength: 10, maxLength: 40 }), fc.infiniteStream(fc.nat()), (steps, order) => {
        const { history } = runSteps(steps);
        const tables = rebuildTables(registry, history.events);
        const levels = levelsOf(history);
        expect(tables.get('inventory_levels')?.size).toBe(levels.length);
        for (const row of tables.get('inventory_levels')?.values() ?? []) {
          const level = history.state.get(inventoryLevel, {
            variantId: `var_${row['variant_id']}`,
            locationId: `loc_${row['location_id']}`,
          });
          expect(row).toMatchObject({ on_hand: level?.onHand, reserved: level?.reserved, shortfall: level?.shortfall });
        }
        const shuffled = history.events
          .map((event) => ({ event, rank: order.next().value as number }))
          .toSorted((one, other) => one.rank - other.rank)
          .map(({ event }) => event);
        expect(rebuildTables(registry, shuffled)).toEqual(tables);
      }),
      { numRuns: 40 },
    );
  });
});

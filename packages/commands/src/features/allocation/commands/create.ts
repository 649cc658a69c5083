import { type Id, idShape, limits, quantityShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse, type StateReader } from '../../../definition/command.ts';
import { type Load, rowsWhere } from '../../../definition/entity.ts';
import {
  allocation,
  allocationCreated,
  allocationStrategies,
  availableThrough,
  availableToPromise,
  channelLocation,
  channelOversellLimit,
  inventoryLevel,
  latestOf,
  location,
  oversellRevision,
  stockMovement,
} from '../../inventory/index.ts';
import { linesOf, reservation, type ReservationState } from '../../reservation/index.ts';
import { movesBetween } from '../moves-between.ts';
import { type AllocationTask, planAllocation, type ReservedLine } from '../plan-allocation.ts';

/** Locations to choose from; those of the reservation's channel unless named, or else those where it is reserved. */
export const candidateLocations = v.pipe(
  v.array(idShape('location')),
  v.minLength(1),
  v.maxLength(limits.allocationCandidates),
  v.check((ids) => new Set(ids).size === ids.length, 'must not name a location twice'),
);

const input = v.strictObject({
  reservationId: idShape('reservation'),
  strategy: v.optional(v.picklist(allocationStrategies), 'reserved_location'),
  locationIds: v.optional(candidateLocations),
});
type Input = v.InferOutput<typeof input>;

export const create = defineCommand({
  type: 'allocation.create',
  version: 1,
  summary: 'Gives every unit of a committed reservation its location by a named strategy: all of it, once, or nothing.',
  risk: 'R1',
  scope: 'inventory.allocation:create',
  environment: 'caller',
  input,
  output: v.strictObject({
    reservationId: idShape('reservation'),
    strategy: v.picklist(allocationStrategies),
    allocations: v.array(
      v.strictObject({
        allocationId: idShape('allocation'),
        lineNumber: v.number(),
        variantId: idShape('variant'),
        locationId: idShape('location'),
        quantity: quantityShape,
      }),
    ),
    version: v.number(),
  }),
  refusals: [
    'reservation_not_found',
    'reservation_not_committed',
    'reservation_allocated',
    'location_not_found',
    'location_not_in_channel',
    'stock_insufficient',
    'allocation_limit_reached',
  ],
  load: ({ reservationId, locationIds = [] }) => [
    rowsWhere(reservation, { id: reservationId }),
    rowsWhere(allocation, { reservationId }),
    ...locationIds.map((id) => rowsWhere(location, { id })),
  ],
  loadNext: (wanted, state) => {
    const held = state.get(reservation, { id: wanted.reservationId });
    return held ? [...referencesOf(held), ...levelsFor(state, held, wanted)] : [];
  },
  versioned: ({ reservationId }) => rowsWhere(reservation, { id: reservationId }),
  decide: (state, wanted, ctx) => {
    const { reservationId, strategy, locationIds = [] } = wanted;
    const held = state.get(reservation, { id: reservationId });
    if (!held) return refuse('reservation_not_found', { reservationId });
    if (held.status !== 'COMMITTED') return refuse('reservation_not_committed', { status: held.status });
    if (state.list(allocation, { reservationId }).length > 0) return refuse('reservation_allocated', { reservationId });
    const unknown = locationIds.find((id) => !state.get(location, { id }));
    if (unknown) return refuse('location_not_found', { locationId: unknown });
    const { salesChannelId } = held;
    const outside = locationIds.find(
      (locationId) => salesChannelId && !state.get(channelLocation, { salesChannelId, locationId }),
    );
    if (outside) return refuse('location_not_in_channel', { locationId: outside, salesChannelId });
    const lines = reservedLines(state, held);
    const plan = planAllocation(strategy, taskOf(state, held, { lines, locationIds: wanted.locationIds }));
    if (plan.kind === 'insufficient') {
      const { variantId, quantity, available } = plan;
      return refuse('stock_insufficient', { variantId, quantity, available });
    }
    const max = limits.allocationsPerReservation;
    if (plan.parts.length > max) return refuse('allocation_limit_reached', { allocations: plan.parts.length, max });
    const allocations = plan.parts.map((part) => ({ allocationId: ctx.newId('allocation'), ...part }));
    const moves = movesBetween('RESERVED', { held: lines, placed: plan.parts });
    return accept({
      events: [allocationCreated.of({ reservationId, strategy, allocations, moves })],
      response: {
        reservationId,
        strategy,
        allocations,
        version: state.versionOf(reservation, { id: reservationId }) + 1,
      },
    });
  },
});

function reservedLines(state: StateReader, held: ReservationState): ReservedLine[] {
  return linesOf(state, held.createdByEvent).map((line, index) => ({ lineNumber: index + 1, ...line }));
}

/** What the reservation names: its lines, and the terms of its channel. */
function referencesOf({ createdByEvent, salesChannelId }: ReservationState): Load[] {
  return [
    rowsWhere(stockMovement, { eventId: createdByEvent }),
    ...(salesChannelId
      ? [rowsWhere(channelLocation, { salesChannelId }), rowsWhere(oversellRevision, { scopeKey: salesChannelId })]
      : []),
  ];
}

/** Named once the lines are there, and so locked in the same round as by every other command that follows them. */
function levelsFor(state: StateReader, held: ReservationState, { strategy, locationIds }: Input): Load[] {
  const lines = reservedLines(state, held);
  const others = strategy === 'reserved_location' ? [] : candidatesFor(state, held, { lines, locationIds });
  const variants = new Set(lines.map(({ variantId }) => variantId));
  return [
    ...lines.map(({ variantId, locationId }) => rowsWhere(inventoryLevel, { variantId, locationId })),
    ...[...variants].flatMap((variantId) =>
      others.map((locationId) => rowsWhere(inventoryLevel, { variantId, locationId })),
    ),
  ];
}

interface Choice {
  readonly lines: readonly ReservedLine[];
  readonly locationIds: Input['locationIds'];
}

function candidatesFor(
  state: StateReader,
  { salesChannelId }: ReservationState,
  { lines, locationIds }: Choice,
): Id<'location'>[] {
  if (locationIds) return locationIds;
  if (salesChannelId) {
    return state
      .list(channelLocation, { salesChannelId })
      .map(({ locationId }) => locationId)
      .toSorted();
  }
  return [...new Set(lines.map(({ locationId }) => locationId))];
}

/** What may be allocated where: what the lines hold there, and what could be promised there to a new reservation like it. */
function taskOf(state: StateReader, held: ReservationState, choice: Choice): AllocationTask {
  const { salesChannelId } = held;
  const rule = salesChannelId ? latestOf(state.list(oversellRevision, { scopeKey: salesChannelId })) : undefined;
  const own = new Map<string, number>();
  for (const { variantId, locationId, quantity } of choice.lines) {
    const name = `${variantId}:${locationId}`;
    own.set(name, (own.get(name) ?? 0) + quantity);
  }
  const known = new Map<string, number>();
  const measure = (variantId: Id<'variant'>, locationId: Id<'location'>): number => {
    const level = state.get(inventoryLevel, { variantId, locationId });
    if (!level) return 0;
    const served = salesChannelId ? state.get(channelLocation, { salesChannelId, locationId }) : undefined;
    const available = served
      ? availableThrough(level, { bufferQuantity: served.bufferQuantity, oversellLimit: channelOversellLimit(rule) })
      : availableToPromise(level);
    return (own.get(`${variantId}:${locationId}`) ?? 0) + Math.max(0, available);
  };
  return {
    lines: choice.lines,
    candidates: candidatesFor(state, held, choice),
    capacityOf(variantId, locationId) {
      const name = `${variantId}:${locationId}`;
      const capacity = known.get(name) ?? measure(variantId, locationId);
      known.set(name, capacity);
      return capacity;
    },
  };
}

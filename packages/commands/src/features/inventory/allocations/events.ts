import { defineEvent } from '@karmanflow/events';
import { idShape, quantityShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { stockMoves, touchedByMoves } from '../stock-moves.ts';

export const allocationStrategies = ['reserved_location', 'fewest_locations', 'most_available'] as const;
export type AllocationStrategy = (typeof allocationStrategies)[number];

const allocationId = idShape('allocation');
const reservationId = idShape('reservation');
const place = { locationId: idShape('location'), quantity: quantityShape };
const lineNumber = v.pipe(v.number(), v.integer(), v.minValue(1));

const touchesAllocation = (id: string) => ({ entity: 'allocation', key: { id } });
const touchesReservation = (data: { reservationId: string }) => ({
  entity: 'reservation',
  key: { id: data.reservationId },
});

/** A committed reservation's units have their locations. The moves are those between the levels, summed up. */
export const allocationCreated = defineEvent({
  type: 'inventory.allocation.created',
  version: 1,
  data: v.strictObject({
    reservationId,
    strategy: v.picklist(allocationStrategies),
    allocations: v.array(v.strictObject({ allocationId, lineNumber, variantId: idShape('variant'), ...place })),
    moves: stockMoves,
  }),
  touches: (data, eventId) => [
    touchesReservation(data),
    ...data.allocations.map((one) => touchesAllocation(one.allocationId)),
    ...touchedByMoves(data.moves, eventId),
  ],
});
export type AllocationCreated = v.InferOutput<typeof allocationCreated.data>;

/** A human moved an allocation: others stand in its place. */
export const allocationOverridden = defineEvent({
  type: 'inventory.allocation.overridden',
  version: 1,
  data: v.strictObject({
    reservationId,
    allocationId,
    lineNumber,
    variantId: idShape('variant'),
    replacements: v.array(v.strictObject({ allocationId, ...place })),
    moves: stockMoves,
  }),
  touches: (data, eventId) => [
    touchesReservation(data),
    touchesAllocation(data.allocationId),
    ...data.replacements.map((one) => touchesAllocation(one.allocationId)),
    ...touchedByMoves(data.moves, eventId),
  ],
});
export type AllocationOverridden = v.InferOutput<typeof allocationOverridden.data>;

/** The reservation was cancelled, and what was allocated for it is free again. */
export const allocationReleased = defineEvent({
  type: 'inventory.allocation.released',
  version: 1,
  data: v.strictObject({ reservationId, allocationIds: v.array(allocationId), moves: stockMoves }),
  touches: (data, eventId) => [...data.allocationIds.map(touchesAllocation), ...touchedByMoves(data.moves, eventId)],
});
export type AllocationReleased = v.InferOutput<typeof allocationReleased.data>;

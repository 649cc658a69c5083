import { idShape, limits, quantityShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse, type StateReader } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import {
  allocation,
  allocationOverridden,
  type AllocationState,
  availableToPromise,
  inventoryLevel,
  stockMovement,
} from '../../inventory/index.ts';
import { linesOf, reservation } from '../../reservation/index.ts';
import { movesBetween, type PlacedUnits } from '../moves-between.ts';

const place = v.strictObject({ locationId: idShape('location'), quantity: quantityShape });

/** A human's decision: it may go where the channel does not sell from, and into its buffer, but never beyond the policy. */
export const override = defineCommand({
  type: 'allocation.override',
  version: 1,
  summary: 'Moves an allocation to other locations, whole. Waits for a named human; never takes what is promised.',
  risk: 'R2',
  scope: 'inventory.allocation:override',
  environment: 'caller',
  input: v.strictObject({
    reservationId: idShape('reservation'),
    allocationId: idShape('allocation'),
    locations: v.pipe(
      v.array(place),
      v.minLength(1),
      v.maxLength(limits.allocationCandidates),
      v.check(
        (places) => new Set(places.map((one) => one.locationId)).size === places.length,
        'must not name a location twice',
      ),
    ),
  }),
  output: v.strictObject({
    reservationId: idShape('reservation'),
    allocations: v.array(
      v.strictObject({
        allocationId: idShape('allocation'),
        locationId: idShape('location'),
        quantity: quantityShape,
      }),
    ),
    version: v.number(),
  }),
  refusals: [
    'reservation_not_found',
    'allocation_not_found',
    'allocation_not_active',
    'allocation_quantity_differs',
    'inventory_level_not_found',
    'stock_insufficient',
    'allocation_limit_reached',
  ],
  load: ({ reservationId }) => [
    rowsWhere(reservation, { id: reservationId }),
    rowsWhere(allocation, { reservationId }),
  ],
  loadNext: ({ reservationId, allocationId, locations }, state) => {
    const held = state.get(reservation, { id: reservationId });
    const moved = state.get(allocation, { id: allocationId });
    if (!held || !moved) return [];
    // Levels are locked in the round after the lines, like by every command that follows them, so that none waits in a circle.
    const lines = rowsWhere(stockMovement, { eventId: held.createdByEvent });
    if (linesOf(state, held.createdByEvent).length === 0) return [lines];
    const { variantId } = moved;
    return [moved, ...locations].map(({ locationId }) => rowsWhere(inventoryLevel, { variantId, locationId }));
  },
  versioned: ({ reservationId }) => rowsWhere(reservation, { id: reservationId }),
  decide: (state, { reservationId, allocationId, locations }, ctx) => {
    if (!state.get(reservation, { id: reservationId })) return refuse('reservation_not_found', { reservationId });
    const moved = state.get(allocation, { id: allocationId });
    if (moved?.reservationId !== reservationId) return refuse('allocation_not_found', { allocationId });
    if (moved.status !== 'ALLOCATED') return refuse('allocation_not_active', { status: moved.status });
    const { variantId, quantity } = moved;
    const placed = locations.map((one) => ({ variantId, ...one }));
    const total = placed.reduce((sum, one) => sum + one.quantity, 0);
    if (total !== quantity) return refuse('allocation_quantity_differs', { quantity, total });
    const problem = firstProblem(state, { moved, placed });
    if (problem) return problem;
    const count = state.list(allocation, { reservationId }).length + placed.length;
    const max = limits.allocationsPerReservation;
    if (count > max) return refuse('allocation_limit_reached', { allocations: count, max });
    const replacements = locations.map((one) => ({ allocationId: ctx.newId('allocation'), ...one }));
    const { lineNumber } = moved;
    const moves = movesBetween('ALLOCATED', { held: [moved], placed });
    return accept({
      events: [allocationOverridden.of({ reservationId, allocationId, lineNumber, variantId, replacements, moves })],
      response: {
        reservationId,
        allocations: replacements,
        version: state.versionOf(reservation, { id: reservationId }) + 1,
      },
    });
  },
});

/** The first place that does not have what is to go there; what the allocation has there already stays in any case. */
function firstProblem(
  state: StateReader,
  { moved, placed }: { readonly moved: AllocationState; readonly placed: readonly PlacedUnits[] },
) {
  for (const { variantId, locationId, quantity } of placed) {
    const level = state.get(inventoryLevel, { variantId, locationId });
    if (!level) return refuse('inventory_level_not_found', { variantId, locationId });
    const own = locationId === moved.locationId ? moved.quantity : 0;
    const available = own + Math.max(0, availableToPromise(level));
    if (quantity > available) return refuse('stock_insufficient', { variantId, locationId, quantity, available });
  }
  return null;
}

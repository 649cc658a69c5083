import type { EventDraft } from '@karmanflow/events';
import type { Id } from '@karmanflow/schema';
import type { StateReader } from '../../definition/command.ts';
import { type Load, rowsWhere } from '../../definition/entity.ts';
import { allocation, allocationReleased, inventoryLevel, stockMovement } from '../inventory/index.ts';
import { reservation, type ReservationState } from './entities.ts';
import { reservationCancelled } from './events.ts';
import { linesOf } from './held-stock.ts';

type Named = { readonly reservationId: Id<'reservation'> };

/** What cancelling needs: the reservation and its allocations, then its lines, then the levels where its units are now. */
export const cancellable = {
  load: ({ reservationId }: Named): Load[] => [
    rowsWhere(reservation, { id: reservationId }),
    rowsWhere(allocation, { reservationId }),
  ],
  loadNext: ({ reservationId }: Named, state: StateReader): Load[] => {
    const held = state.get(reservation, { id: reservationId });
    if (!held) return [];
    const lines = linesOf(state, held.createdByEvent);
    const allocated = state.list(allocation, { reservationId });
    // Also the levels of allocations wait for the lines: then all levels are locked in the same round, in one order.
    const units = lines.length > 0 && allocated.length > 0 ? allocated : lines;
    return [
      rowsWhere(stockMovement, { eventId: held.createdByEvent }),
      ...units.map(({ variantId, locationId }) => rowsWhere(inventoryLevel, { variantId, locationId })),
    ];
  },
};

/** What cancelling an active or committed reservation brings about: its units come free wherever they are by now. */
export function cancellationOf(
  state: StateReader,
  { id: reservationId, createdByEvent }: ReservationState,
): EventDraft[] {
  const allocated = state.list(allocation, { reservationId });
  if (allocated.length === 0) {
    return [reservationCancelled.of({ reservationId, lines: linesOf(state, createdByEvent) })];
  }
  const standing = allocated.filter(({ status }) => status === 'ALLOCATED');
  const moves = standing.map(({ variantId, locationId, quantity }) => ({
    variantId,
    locationId,
    fromState: 'ALLOCATED' as const,
    toState: 'AVAILABLE' as const,
    quantity,
  }));
  return [
    allocationReleased.of({ reservationId, allocationIds: standing.map(({ id }) => id), moves }),
    // Nothing of it is reserved any more, so there is nothing else to give back.
    reservationCancelled.of({ reservationId, lines: [] }),
  ];
}

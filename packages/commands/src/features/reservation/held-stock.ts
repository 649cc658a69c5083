import type { Id } from '@karmanflow/schema';
import type { StateReader } from '../../definition/command.ts';
import { type Load, rowsWhere } from '../../definition/entity.ts';
import { inventoryLevel, type StockLines, stockMovement } from '../inventory/index.ts';
import { reservation } from './entities.ts';

/** What a command needs that gives stock back: the reservation, then the movements of its creation, then their levels. */
export const heldStock = {
  load: ({ reservationId }: { reservationId: Id<'reservation'> }): Load[] => [
    rowsWhere(reservation, { id: reservationId }),
  ],
  loadNext: ({ reservationId }: { reservationId: Id<'reservation'> }, state: StateReader): Load[] => {
    const held = state.get(reservation, { id: reservationId });
    if (!held) return [];
    return [
      rowsWhere(stockMovement, { eventId: held.createdByEvent }),
      ...linesOf(state, held.createdByEvent).map(({ variantId, locationId }) =>
        rowsWhere(inventoryLevel, { variantId, locationId }),
      ),
    ];
  },
};

/** The lines of the reservation that an event created, in their own order. */
export function linesOf(state: StateReader, createdByEvent: Id<'event'>): StockLines {
  return state
    .list(stockMovement, { eventId: createdByEvent })
    .toSorted((one, other) => one.movementNumber - other.movementNumber)
    .map(({ variantId, locationId, quantity }) => ({ variantId, locationId, quantity }));
}

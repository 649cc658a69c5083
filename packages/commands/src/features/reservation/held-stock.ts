import type { Id } from '@karmanflow/schema';
import type { StateReader } from '../../definition/command.ts';
import { type Load, rowsWhere } from '../../definition/entity.ts';
import { inventoryLevel, type StockLines } from '../inventory/index.ts';
import { reservation, reservationLine } from './entities.ts';

/** What a command needs that gives stock back: the reservation and its lines first, then the levels that they name. */
export const heldStock = {
  load: ({ reservationId }: { reservationId: Id<'reservation'> }): Load[] => [
    rowsWhere(reservation, { id: reservationId }),
    rowsWhere(reservationLine, { reservationId }),
  ],
  loadNext: ({ reservationId }: { reservationId: Id<'reservation'> }, state: StateReader): Load[] =>
    linesOf(state, reservationId).map(({ variantId, locationId }) =>
      rowsWhere(inventoryLevel, { variantId, locationId }),
    ),
};

/** The lines of a reservation, in their own order. */
export function linesOf(state: StateReader, reservationId: Id<'reservation'>): StockLines {
  return state
    .list(reservationLine, { reservationId })
    .toSorted((one, other) => one.lineNumber - other.lineNumber)
    .map(({ variantId, locationId, quantity }) => ({ variantId, locationId, quantity }));
}

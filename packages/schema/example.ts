import {
  errorCatalogue,
  idShape,
  isId,
  limits,
  newId,
  quantityShape,
  type Row,
  tableOf,
  toUuid,
} from '@karmanflow/schema';
import * as v from 'valibot';

// An id carries its kind at the edges and is a plain UUID in the database. The source of UUIDs is an argument.
const reservationId = newId('reservation', () => '019b76da-a800-7000-8000-000000000001');
export const inDatabase = toUuid(reservationId);
export const mistaken = isId('variant', reservationId);

// Input is parsed once, on its way in, by shapes that every feature shares.
const line = v.strictObject({ variantId: idShape('variant'), quantity: quantityShape });
const parsed = v.safeParse(line, { variantId: reservationId, quantity: limits.quantityUnits + 1 });
export const complaints = parsed.issues?.map((issue) => issue.message);

// A refusal is a code; status, title and advice follow from the catalogue.
export const { status, whatToDo } = errorCatalogue.stock_insufficient;

// The registry says what a table is. The types of its rows follow from it.
export const kind = tableOf('inventory_levels').kind;
export const availableOf = (level: Row<'inventory_levels'>): number => level.on_hand - level.reserved;

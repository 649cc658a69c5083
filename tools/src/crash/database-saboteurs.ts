import type { ReceiptBody } from '@karmanflow/receipts';
import { type TableName, toUuid } from '@karmanflow/schema';
import type { Damage, Saboteur } from './saboteur.ts';
import { acknowledgedHasEvents, acknowledgedIsStored } from './verify/acknowledged-checks.ts';
import { everyEventIsAttested, everyReceiptIsLogged, everyReceiptVerifies } from './verify/database-checks.ts';
import type { Evidence } from './verify/evidence.ts';
import { keyTookEffectOnce } from './verify/exactly-once-checks.ts';
import { cancelsOnlyPend, neverOversold, quantitiesAreMovements, reservedIsHeld } from './verify/quantity-checks.ts';

function on(table: TableName, statement: string, id: string | undefined): Damage | null {
  return id === undefined ? null : { kind: 'database', table, statement, values: [id] };
}

/** The receipt of a hold that was acknowledged as made. */
function acknowledgedHold(evidence: Evidence): ReceiptBody | null {
  for (const { command, acknowledged } of evidence.pursuits) {
    if (command !== 'reservation.create' || acknowledged?.outcome.status !== 'SUCCEEDED') continue;
    // The API client took this text from an answer with the shape of a receipt.
    return JSON.parse(acknowledged.outcome.receipt) as ReceiptBody;
  }
  return null;
}

function holdId(evidence: Evidence): string | undefined {
  const hold = acknowledgedHold(evidence)?.entities.find(({ type }) => type === 'reservation');
  return hold ? toUuid(hold.id) : undefined;
}

function eventId(evidence: Evidence): string | undefined {
  const [event] = acknowledgedHold(evidence)?.events ?? [];
  return event ? toUuid(event.id) : undefined;
}

function receiptId(evidence: Evidence): string | undefined {
  const hold = acknowledgedHold(evidence);
  return hold ? toUuid(hold.receiptId) : undefined;
}

const copiedColumns =
  'created_by_event, status, expires_at, extensions, resolved_at, version, created_at, updated_at, receipt_id, written_in';
const flipByte = 'set_byte(body, length(body) / 2, get_byte(body, length(body) / 2) # 1)';

/** What someone with all rights could do to the database behind our back. */
export const databaseSaboteurs: readonly Saboteur[] = [
  {
    name: 'an acknowledged receipt is deleted',
    check: acknowledgedIsStored,
    damage: (evidence) => on('command_receipts', 'DELETE FROM kf.command_receipts WHERE id = $1', receiptId(evidence)),
  },
  {
    name: 'an effect is there twice',
    check: keyTookEffectOnce,
    damage: (evidence) =>
      on(
        'reservations',
        `INSERT INTO kf.reservations (tenant_id, environment_id, id, sales_channel_id, reference, ${copiedColumns})
         SELECT tenant_id, environment_id, gen_random_uuid(), sales_channel_id, reference, ${copiedColumns}
         FROM kf.reservations WHERE id = $1`,
        holdId(evidence),
      ),
  },
  {
    name: 'one byte of an acknowledged event is changed',
    check: acknowledgedHasEvents,
    damage: (evidence) =>
      on('domain_events', `UPDATE kf.domain_events SET body = ${flipByte} WHERE id = $1`, eventId(evidence)),
  },
  {
    name: 'an event is deleted',
    check: everyEventIsAttested,
    damage: ({ events }) => on('domain_events', 'DELETE FROM kf.domain_events WHERE id = $1', events.at(-1)?.row.id),
  },
  {
    name: 'one byte of a receipt is changed',
    check: everyReceiptVerifies,
    damage: ({ receipts }) =>
      on(
        'command_receipts',
        `UPDATE kf.command_receipts SET body = ${flipByte} WHERE id = $1`,
        receipts.at(-1)?.row.id,
      ),
  },
  {
    name: 'a receipt waits for the log twice',
    check: everyReceiptIsLogged,
    damage: ({ receipts }) =>
      on(
        'log_pending',
        `INSERT INTO kf.log_pending (tenant_id, environment_id, receipt_ids)
         SELECT tenant_id, environment_id, ARRAY[id] FROM kf.command_receipts WHERE id = $1`,
        receipts[0]?.row.id,
      ),
  },
  {
    name: 'reserved is higher by one',
    check: reservedIsHeld,
    damage: ({ image }) =>
      on(
        'inventory_levels',
        'UPDATE kf.inventory_levels SET reserved = reserved + 1 WHERE variant_id = $1',
        // One with room to spare: the table's own checks stay in force.
        image.inventory_levels.find(({ on_hand: onHand, reserved }) => onHand - reserved > 1_000)?.variant_id,
      ),
  },
  {
    name: 'a stock movement is deleted',
    check: quantitiesAreMovements,
    damage: ({ image }) =>
      on(
        'stock_movements',
        'DELETE FROM kf.stock_movements WHERE event_id = $1',
        image.stock_movements.at(-1)?.event_id,
      ),
  },
  {
    name: 'a reservation promised far more than there was',
    check: neverOversold,
    damage: (evidence) =>
      on(
        'domain_events',
        `UPDATE kf.domain_events SET body =
           convert_to(replace(convert_from(body, 'UTF8'), '"quantity":', '"quantity":99999999'), 'UTF8') WHERE id = $1`,
        eventId(evidence),
      ),
  },
  {
    name: 'a reservation is cancelled without approval',
    check: cancelsOnlyPend,
    damage: (evidence) =>
      on('reservations', "UPDATE kf.reservations SET status = 'CANCELLED' WHERE id = $1", holdId(evidence)),
  },
];

import type { ClientBase } from 'pg';
import { benchSkuPrefix } from './bench-stock.ts';

/** What callers were told, over all runs against one database. */
export interface Told {
  readonly succeeded: number;
  readonly refused: number;
}

interface Counts {
  readonly succeeded: string;
  readonly refused: string;
  readonly reservations: string;
  readonly events: string;
  readonly movements: string;
  readonly pending: string;
}

// The template has no reservation, so everything that these count was asked for by the load generator.
const countsText = `
  SELECT
    (SELECT count(*) FROM kf.command_receipts WHERE command_type = 'reservation.create' AND status = 'SUCCEEDED') AS succeeded,
    (SELECT count(*) FROM kf.command_receipts WHERE command_type = 'reservation.create' AND status = 'REFUSED') AS refused,
    (SELECT count(*) FROM kf.reservations WHERE status = 'ACTIVE') AS reservations,
    (SELECT count(*) FROM kf.domain_events WHERE type = 'inventory.reservation.created') AS events,
    (SELECT count(*) FROM kf.stock_movements WHERE from_state = 'AVAILABLE' AND to_state = 'RESERVED') AS movements,
    (SELECT count(*) FROM kf.log_pending AS p CROSS JOIN unnest(p.receipt_ids) AS q (id)
      JOIN kf.command_receipts AS r ON r.id = q.id WHERE r.command_type = 'reservation.create') AS pending`;

const wrongLevelsText = `
  SELECT l.variant_id FROM kf.inventory_levels AS l JOIN kf.variants AS v ON v.id = l.variant_id
  LEFT JOIN (
    SELECT m.variant_id, m.location_id, sum(m.quantity) AS held, count(*) AS lines
    FROM kf.reservations AS r JOIN kf.stock_movements AS m ON m.event_id = r.created_by_event
    GROUP BY 1, 2
  ) AS s ON s.variant_id = l.variant_id AND s.location_id = l.location_id
  WHERE v.sku LIKE '${benchSkuPrefix}%' AND (
    l.reserved <> coalesce(s.held, 0)
    OR l.reserved > l.on_hand - l.allocated - l.damaged - l.quality_control - l.safety_stock + l.oversell_limit
    -- The level began at version 1, and each reservation counts one up: no update was lost.
    OR l.version <> 1 + coalesce(s.lines, 0))
  LIMIT 5`;

const unboundText = `
  SELECT r.id FROM kf.reservations AS r
  LEFT JOIN kf.command_receipts AS c ON c.id = r.receipt_id AND c.written_in = r.written_in
  LEFT JOIN kf.domain_events AS e ON e.id = r.created_by_event AND e.receipt_id = r.receipt_id
  WHERE c.id IS NULL OR e.id IS NULL LIMIT 5`;

/**
 * What is wrong with a database after load, in words: every count must be what the callers were told, the level of each
 * variant what its reservations make it, and nothing oversold. `admin` sees all rows.
 */
export async function wrongRows(admin: ClientBase, told: Told): Promise<string[]> {
  return [
    ...(await wrongCounts(admin, told)),
    ...(await found(admin, wrongLevelsText, 'a level is not what its reservations make it')),
    ...(await found(admin, unboundText, 'a reservation is without its receipt or its event')),
  ];
}

async function wrongCounts(admin: ClientBase, told: Told): Promise<string[]> {
  const { rows } = await admin.query<Counts>(countsText);
  const [counts] = rows;
  if (!counts) return ['the rows could not be counted'];
  const { succeeded, refused } = told;
  const expected: Record<keyof Counts, number> = {
    succeeded,
    refused,
    reservations: succeeded,
    events: succeeded,
    movements: succeeded,
    pending: succeeded + refused,
  };
  // Object.entries forgets the keys of its argument.
  return (Object.entries(expected) as [keyof Counts, number][])
    .filter(([name, count]) => Number(counts[name]) !== count)
    .map(([name, count]) => `${name}: the database has ${counts[name]}, the answers say ${count}`);
}

async function found(admin: ClientBase, text: string, problem: string): Promise<string[]> {
  const { rowCount } = await admin.query(text);
  return rowCount === 0 ? [] : [problem];
}

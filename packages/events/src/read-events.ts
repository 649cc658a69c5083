import type { Database, Scope } from '@karmanflow/schema';
import { toUuid } from '@karmanflow/schema';
import { sql } from 'kysely';
import { decodeEvent, type EventEnvelope } from './envelope.ts';

/** A position in the stream of one environment, opaque to callers. */
export type EventCursor = string;

export interface EventPage {
  readonly events: readonly EventEnvelope[];
  /** Where to go on: after the last event of this page, or where the caller stood when the page is empty. */
  readonly cursor: EventCursor;
  readonly hasMore: boolean;
}

const cursorPattern = /^(0|[1-9][0-9]{0,19})\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;
export const startCursor: EventCursor = '0.00000000-0000-0000-0000-000000000000';

export function isEventCursor(text: string): boolean {
  return parseCursor(text) !== null;
}

const transactionIdMax = 2n ** 64n - 1n;

function parseCursor(text: string): { transaction: string; event: string } | null {
  const [, transaction = '', event = ''] = cursorPattern.exec(text) ?? [];
  if (transaction === '' || BigInt(transaction) > transactionIdMax) return null;
  return { transaction, event };
}

/**
 * Reads events of one environment after a cursor, oldest transaction first.
 *
 * Only transactions older than every one still running are shown, so that none can appear behind a cursor later: nothing
 * is lost. The order between entities follows transaction ids and is not promised; per entity the versions tell it.
 */
export async function readEvents(
  database: Database,
  options: { scope: Scope; after: EventCursor; limit: number },
): Promise<EventPage> {
  const after = parseCursor(options.after);
  if (!after) throw new TypeError('not an event cursor');
  const tenantId = toUuid(options.scope.tenantId);
  const environmentId = toUuid(options.scope.environmentId);
  const rows = await database.read(options.scope, (db) =>
    db
      .selectFrom('domain_events')
      .select(['id', 'written_in', 'body'])
      .where('tenant_id', '=', tenantId)
      .where('environment_id', '=', environmentId)
      .where(sql<boolean>`(written_in, id) > (${after.transaction}::text::xid8, ${after.event}::uuid)`)
      .where(sql<boolean>`written_in < pg_snapshot_xmin(pg_current_snapshot())`)
      .orderBy('written_in')
      .orderBy('id')
      .limit(options.limit + 1)
      .execute(),
  );
  const page = rows.slice(0, options.limit);
  const last = page[page.length - 1];
  return {
    events: page.map((row) => decodeEvent(row.body)),
    cursor: last ? `${last.written_in}.${last.id}` : options.after,
    hasMore: rows.length > page.length,
  };
}

import type { ReceiptBody } from '@karmanflow/receipts';
import { type Database, type Id, type Scope, toId, toUuid } from '@karmanflow/schema';
import { sql } from 'kysely';

/** Which receipts are wanted; all that is absent does not restrict. */
export interface ReceiptFilters {
  readonly actorId?: string;
  readonly command?: string;
  readonly status?: ReceiptBody['status'];
  readonly correlationId?: Id<'correlation'>;
  /** 32 hexadecimal digits, as in a traceparent. */
  readonly traceId?: string;
  readonly entity?: { readonly id: string; readonly type?: string };
  /** RFC 3339: completed then or later. */
  readonly from?: string;
  /** RFC 3339: completed before. */
  readonly to?: string;
}

export interface ReceiptSearch {
  readonly scope: Scope;
  /** Only receipts that are older; null for the newest. */
  readonly after: Id<'receipt'> | null;
  readonly limit: number;
  /** Receipts that may be looked at to find them. */
  readonly scannedMax: number;
  readonly filters: ReceiptFilters;
}

export interface FoundReceipt {
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
  readonly signature: Uint8Array;
  readonly keyId: string;
}

export interface ReceiptPage {
  /** The newest first. */
  readonly receipts: readonly FoundReceipt[];
  /** The last one that was looked at, whether it was found or passed over; null at the end. */
  readonly cursor: Id<'receipt'> | null;
}

/** By how much the clock of a process may differ from that of the database without a receipt being missed by its time. */
const clockSlackMilliseconds = 600_000;

/**
 * Searches the receipts of one environment, the newest first. Actor, correlation, and every status but SUCCEEDED are found by
 * an index, time by that of the ids, which are UUIDs of version 7; the others thin out what is walked over, which ends at
 * `scannedMax` receipts: the page then may be empty and still have a cursor.
 */
export async function readReceipts(database: Database, search: ReceiptSearch): Promise<ReceiptPage> {
  const { scope, limit, scannedMax, filters } = search;
  return database.read(scope, async (db) => {
    const { actorId, correlationId, status } = filters;
    const window = idWindow(search);
    const walked = db
      .selectFrom('command_receipts')
      .where('tenant_id', '=', toUuid(scope.tenantId))
      .where('environment_id', '=', toUuid(scope.environmentId))
      .where('id', '<', window.before)
      .where('id', '>=', window.from)
      .$if(actorId !== undefined, (query) => query.where('actor_id', '=', toUuid(actorId ?? '')))
      .$if(correlationId !== undefined, (query) => query.where('correlation_id', '=', toUuid(correlationId ?? '')))
      // Written into the statement, which is from a closed list: only so does the planner see that the partial index holds it.
      .$if(status !== undefined && status !== 'SUCCEEDED', (query) => query.where('status', '=', sql.lit(status ?? '')))
      .orderBy('id', 'desc')
      .limit(scannedMax);
    let matching = db
      .selectFrom(walked.selectAll().as('r'))
      .select(['r.id', 'r.body', 'r.hash', 'r.signature', 'r.key_id'])
      .orderBy('r.id', 'desc')
      .limit(limit);
    if (status === 'SUCCEEDED') matching = matching.where('r.status', '=', status);
    if (filters.command !== undefined) matching = matching.where('r.command_type', '=', filters.command);
    if (filters.from !== undefined) matching = matching.where('r.completed_at', '>=', filters.from);
    if (filters.to !== undefined) matching = matching.where('r.completed_at', '<', filters.to);
    for (const bytes of needlesOf(filters)) {
      matching = matching.where(sql<boolean>`position(${bytes}::bytea in r.body) > 0`);
    }
    const rows = await matching.execute();
    const last = rows.length === limit ? rows.at(-1) : await readLast();
    const receipts = rows.map((row) => ({
      bytes: row.body,
      hash: row.hash,
      signature: row.signature,
      keyId: row.key_id,
    }));
    return {
      receipts: receipts.filter(({ bytes }) => isWanted(bytes, filters)),
      cursor: last ? toId('receipt', last.id) : null,
    };

    /** Where the walk stopped; nowhere when it came to the end before. */
    async function readLast(): Promise<{ readonly id: string } | undefined> {
      return walked
        .select('id')
        .clearLimit()
        .offset(scannedMax - 1)
        .limit(1)
        .executeTakeFirst();
    }
  });
}

/** The ids among which the receipts of a time are, with what clocks may be apart. */
function idWindow({ after, filters }: ReceiptSearch): { readonly before: string; readonly from: string } {
  const ends = [after === null ? lastUuid : toUuid(after)];
  if (filters.to !== undefined) ends.push(uuidAt(Date.parse(filters.to) + clockSlackMilliseconds));
  const from = filters.from === undefined ? firstUuid : uuidAt(Date.parse(filters.from) - clockSlackMilliseconds);
  // UUIDs in their one form sort as text as Postgres sorts them.
  return { before: ends.toSorted()[0] ?? lastUuid, from };
}

const firstUuid = '00000000-0000-0000-0000-000000000000';
const lastUuid = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
const millisecondsMax = 2 ** 48 - 1;

/** The first UUID of version 7 of a millisecond (RFC 9562 section 5.7). */
function uuidAt(milliseconds: number): string {
  const bounded = Math.min(Math.max(milliseconds, 0), millisecondsMax);
  const hex = bounded.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/** What stands in the canonical bytes of every receipt that is wanted. It only spares most of the others from being read. */
function needlesOf({ traceId, entity }: ReceiptFilters): readonly Uint8Array[] {
  const texts: string[] = [];
  if (traceId !== undefined) texts.push(`"traceparent":"00-${traceId}-`);
  if (entity !== undefined) {
    const type = entity.type === undefined ? '' : `${JSON.stringify(entity.type)},`;
    texts.push(`{"id":${JSON.stringify(entity.id)},"type":${type}`);
  }
  return texts.map((text) => Buffer.from(text));
}

/** The same once more by what the receipt says, and not by its text. */
function isWanted(bytes: Uint8Array, { traceId, entity }: ReceiptFilters): boolean {
  if (traceId === undefined && entity === undefined) return true;
  // Bytes that we wrote, of a receipt of ours.
  const body = JSON.parse(new TextDecoder().decode(bytes)) as ReceiptBody;
  if (traceId !== undefined && body.traceparent.split('-')[1] !== traceId) return false;
  return (
    entity === undefined || body.entities.some(({ id, type }) => id === entity.id && type === (entity.type ?? type))
  );
}

import { approval } from '@karmanflow/commands';
import { decodeEvent, type EventEnvelope } from '@karmanflow/events';
import { type Database, type Id, idShape, type Scope, toUuid } from '@karmanflow/schema';
import * as v from 'valibot';
import type { FeedCursor } from './feed-cursor.ts';

export interface ApprovalVote {
  readonly voterId: Id<'principal'>;
  readonly vote: 'APPROVE' | 'DENY';
  readonly reason: string | null;
}

/** One event of an approval, and the approval as it stood when the event was read. */
export interface ApprovalChange {
  readonly change: 'requested' | 'voted' | 'ended';
  /** Where it stands in the stream of events of its environment. */
  readonly cursor: FeedCursor;
  readonly eventId: string;
  readonly occurredAt: string;
  /** The version that this event gave the approval. */
  readonly version: number;
  readonly vote: ApprovalVote | null;
  readonly approval: approval.ApprovalView;
}

export interface ChangePage {
  readonly changes: readonly ApprovalChange[];
  /** Everything up to here has been looked at. */
  readonly cursor: FeedCursor;
  readonly hasMore: boolean;
}

export interface PendingApprovals {
  /** Everything up to here is part of it; what came later may be too. */
  readonly cursor: FeedCursor;
  /** Those that end first. */
  readonly approvals: readonly approval.ApprovalView[];
  readonly hasMore: boolean;
  /** The versions, by id, that changes after the cursor need not be told of. */
  readonly versions: ReadonlyMap<string, number>;
}

type Reader = Parameters<Parameters<Database['read']>[1]>[0];

const noUuid = '00000000-0000-0000-0000-000000000000';
/** Transaction ids are 64 bits wide. */
const lastCursor: FeedCursor = '18446744073709551615.ffffffff-ffff-ffff-ffff-ffffffffffff';
const eventTypes = approval.approvals.events.map(({ type }) => type);
const voteShape = v.object({
  voterId: idShape('principal'),
  vote: v.picklist(['APPROVE', 'DENY']),
  reason: v.nullable(v.string()),
});

/** Whether one cursor stands before another. Both have the form of `isFeedCursor`. */
export function isBefore(cursor: FeedCursor, other: FeedCursor): boolean {
  const [one, another] = [partsOf(cursor), partsOf(other)];
  const [transaction, limit] = [BigInt(one.transaction), BigInt(another.transaction)];
  // UUIDs in their one form sort as text as Postgres sorts them.
  return transaction === limit ? one.event < another.event : transaction < limit;
}

/** What waits for a vote, with the cursor from which changes go on. */
export function readPending(
  database: Database,
  options: { readonly scope: Scope; readonly limit: number; readonly scannedMax: number },
): Promise<PendingApprovals> {
  const { scope, limit, scannedMax } = options;
  return database.read(scope, async (db) => {
    // In this order: what commits between two statements is in the rows and after the cursor, and so never lost.
    const cursor = await readHorizon(db);
    const versions = await readVersions(db, { scope, after: cursor, scannedMax });
    const rows = await db
      .selectFrom('approvals')
      .selectAll()
      .where('tenant_id', '=', toUuid(scope.tenantId))
      .where('environment_id', '=', toUuid(scope.environmentId))
      .where('status', '=', 'REQUESTED')
      .orderBy('expires_at')
      .orderBy('id')
      .limit(limit + 1)
      .execute();
    const approvals = rows.slice(0, limit).map(approval.approvalView);
    const hasMore = rows.length > limit;
    // Those that are left out are still to be told of, and which they are is not known here.
    if (hasMore) versions.clear();
    for (const { approvalId, version } of approvals) versions.set(approvalId, version);
    return { cursor, approvals, hasMore, versions };
  });
}

/**
 * What has been committed after the horizon, where something older still runs: the rows that are read next have it already,
 * also by what they no longer have.
 */
async function readVersions(db: Reader, window: Window): Promise<Map<string, number>> {
  const end = await readEnd(db, window, lastCursor);
  const rows = await eventsOf(db, { ...window, upTo: end.cursor })
    .select('body')
    .where('type', 'in', eventTypes)
    .execute();
  const versions = new Map<string, number>();
  for (const { body } of rows) {
    const { id, version } = changedBy(decodeEvent(body));
    versions.set(id, Math.max(version, versions.get(id) ?? 0));
  }
  return versions;
}

interface Window {
  readonly scope: Scope;
  readonly after: FeedCursor;
  readonly scannedMax: number;
}

/**
 * The changes of approvals after a cursor, in the order of their transactions. Only transactions before
 * every one that still runs are shown: nothing appears behind a cursor later.
 */
export function readChanges(database: Database, window: Window & { readonly changesMax: number }): Promise<ChangePage> {
  return database.read(window.scope, async (db) => {
    const end = await readEnd(db, window, await readHorizon(db));
    const rows = await eventsOf(db, { ...window, upTo: end.cursor })
      .select(['id', 'written_in', 'body'])
      .where('type', 'in', eventTypes)
      .limit(window.changesMax + 1)
      .execute();
    const page = rows.slice(0, window.changesMax);
    const last = page.at(-1);
    const isCut = rows.length > page.length && last !== undefined;
    const read = page.map((row) => ({ cursor: `${row.written_in}.${row.id}`, event: decodeEvent(row.body) }));
    return {
      changes: await withApprovals(db, read, window.scope),
      cursor: isCut ? `${last.written_in}.${last.id}` : end.cursor,
      hasMore: isCut || end.isCut,
    };
  });
}

/** Before it stands every transaction that has ended before all that still run. */
async function readHorizon(db: Reader): Promise<FeedCursor> {
  const row = await db
    .selectNoFrom(({ fn }) => fn<string>('pg_snapshot_xmin', [fn('pg_current_snapshot')]).as('horizon'))
    .executeTakeFirstOrThrow();
  return `${row.horizon}.${noUuid}`;
}

/** How far one look goes: as far as it may, or as many events as it may pass over. */
async function readEnd(
  db: Reader,
  window: Window,
  upTo: FeedCursor,
): Promise<{ readonly cursor: FeedCursor; readonly isCut: boolean }> {
  const row = await eventsOf(db, { ...window, upTo })
    .select(['id', 'written_in'])
    .offset(window.scannedMax - 1)
    .limit(1)
    .executeTakeFirst();
  return row ? { cursor: `${row.written_in}.${row.id}`, isCut: true } : { cursor: upTo, isCut: false };
}

function eventsOf(db: Reader, { scope, after, upTo }: Window & { readonly upTo: FeedCursor }) {
  const from = partsOf(after);
  const to = partsOf(upTo);
  return db
    .selectFrom('domain_events')
    .where('tenant_id', '=', toUuid(scope.tenantId))
    .where('environment_id', '=', toUuid(scope.environmentId))
    .where(({ eb, refTuple, tuple }) => eb(refTuple('written_in', 'id'), '>', tuple(from.transaction, from.event)))
    .where(({ eb, refTuple, tuple }) => eb(refTuple('written_in', 'id'), '<=', tuple(to.transaction, to.event)))
    .orderBy('written_in')
    .orderBy('id');
}

function partsOf(cursor: FeedCursor): { readonly transaction: string; readonly event: string } {
  const at = cursor.indexOf('.');
  return { transaction: cursor.slice(0, at), event: cursor.slice(at + 1) };
}

type ReadEvent = { readonly cursor: FeedCursor; readonly event: EventEnvelope };

async function withApprovals(db: Reader, read: readonly ReadEvent[], scope: Scope): Promise<ApprovalChange[]> {
  const ids = [...new Set(read.map(({ event }) => toUuid(changedBy(event).id)))];
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom('approvals')
    .selectAll()
    .where('tenant_id', '=', toUuid(scope.tenantId))
    .where('environment_id', '=', toUuid(scope.environmentId))
    .where('id', 'in', ids)
    .execute();
  const views = new Map(rows.map((row) => [row.id, approval.approvalView(row)]));
  return read.map(({ cursor, event }) => {
    const { id, version } = changedBy(event);
    const view = views.get(toUuid(id));
    if (!view) throw new Error(`${event.eventId} concerns an approval that is not there`);
    const { eventId, occurredAt } = event;
    return { ...kindOf(event), cursor, eventId, occurredAt, version, approval: view };
  });
}

function changedBy(event: EventEnvelope): EventEnvelope['entities'][number] {
  const entity = event.entities.find(({ type }) => type === approval.approval.name);
  if (!entity) throw new Error(`${event.eventId} concerns no approval`);
  return entity;
}

function kindOf({ eventType, data }: EventEnvelope): Pick<ApprovalChange, 'change' | 'vote'> {
  switch (eventType) {
    case approval.approvalRequested.type:
      return { change: 'requested', vote: null };
    case 'governance.approval.voted':
      return { change: 'voted', vote: v.parse(voteShape, data) };
    default:
      return { change: 'ended', vote: null };
  }
}

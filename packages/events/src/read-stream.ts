import { type Database, type Scope, toId, toUuid } from '@karmanflow/schema';
import { decodeEvent, type EventEnvelope } from './envelope.ts';
import { sequenceLimits } from './sequence/sequence-limits.ts';

/** An event with its place in the stream of its environment. */
export interface StreamEvent {
  /** 1, 2, 3 … without a gap. */
  readonly seq: number;
  readonly event: EventEnvelope;
}

/** Which events are wanted; all that is absent does not restrict. */
export interface StreamFilters {
  /** Event types, each exactly or as `inventory.*` for all that begin so; 64 at most. */
  readonly types?: readonly string[];
  /** An entity that the event changed, or any of that type. */
  readonly entity?: { readonly type?: string; readonly id?: string };
  /** The receipt of the command that caused it. */
  readonly receiptId?: string;
  readonly correlationId?: string;
}

export interface StreamPage {
  readonly events: readonly StreamEvent[];
  /** Up to where the page reaches, filtered or not: where to go on. `afterSeq` when nothing came after it. */
  readonly seq: number;
  readonly hasMore: boolean;
}

export interface StreamRequest {
  readonly scope: Scope;
  /** The last position that was read; 0 for the beginning. */
  readonly afterSeq: number;
  /** Positions that the page may span, 1 to 1000. Filters thin a page out, they do not make it reach further. */
  readonly limit: number;
  readonly filters?: StreamFilters;
}

/**
 * Reads the stream of one environment in its one order, behind a position. Positions have no gaps: one that is missing, or
 * one whose event is missing, is damage, and throws, instead of being passed over.
 */
export async function readStream(database: Database, request: StreamRequest): Promise<StreamPage> {
  const { scope, afterSeq, limit, filters = {} } = request;
  checkRequest(request);
  const tenantId = toUuid(scope.tenantId);
  const environmentId = toUuid(scope.environmentId);
  const { head, rows } = await database.read(scope, async (db) => {
    const places = db
      .selectFrom('stream_events as s')
      .where('s.tenant_id', '=', tenantId)
      .where('s.environment_id', '=', environmentId);
    const page = places
      .select(['s.seq', 's.event_id'])
      // Looked up for each position: a join would, with young statistics, read all events of the environment for each page.
      .select((eb) =>
        eb
          .selectFrom('domain_events as e')
          .select('e.body')
          .whereRef('e.tenant_id', '=', 's.tenant_id')
          .whereRef('e.environment_id', '=', 's.environment_id')
          .whereRef('e.written_in', '=', 's.event_written_in')
          .whereRef('e.id', '=', 's.event_id')
          .as('body'),
      )
      // Bounded on both sides, so that nothing else is looked at, whatever the plan.
      .where('s.seq', '>', afterSeq)
      .where('s.seq', '<=', afterSeq + limit)
      .orderBy('s.seq');
    // The end is looked up first: what the page has beyond it came in between.
    const [last, found] = await Promise.all([
      places.select('s.seq').orderBy('s.seq', 'desc').limit(1).executeTakeFirst(),
      page.execute(),
    ]);
    return { head: last?.seq ?? 0, rows: found };
  });
  const positions = rows.map(({ seq, event_id: eventId, body }, at): StreamEvent => {
    if (seq !== afterSeq + at + 1) throw new Error(`the stream has no position ${afterSeq + at + 1}`);
    if (body === null)
      throw new Error(`position ${seq} of the stream names ${toId('event', eventId)}, which is not there`);
    return { seq, event: decodeEvent(body) };
  });
  const seq = positions.at(-1)?.seq ?? afterSeq;
  if (seq < Math.min(head, afterSeq + limit)) throw new Error(`the stream has no position ${seq + 1}`);
  return { events: positions.filter(({ event }) => isWanted(event, filters)), seq, hasMore: head > seq };
}

/** The last position of the stream of an environment; 0 when it has none yet. */
export async function lastSeq(database: Database, scope: Scope): Promise<number> {
  const row = await database.read(scope, (db) =>
    db
      .selectFrom('stream_events')
      .select('seq')
      .where('tenant_id', '=', toUuid(scope.tenantId))
      .where('environment_id', '=', toUuid(scope.environmentId))
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst(),
  );
  return row?.seq ?? 0;
}

function isWanted(event: EventEnvelope, { types, entity, receiptId, correlationId }: StreamFilters): boolean {
  if (types && !types.some((wanted) => isOfType(event.eventType, wanted))) return false;
  if (receiptId !== undefined && event.receiptId !== receiptId) return false;
  if (correlationId !== undefined && event.correlationId !== correlationId) return false;
  return !entity || event.entities.some((one) => isEntity(one, entity));
}

function isOfType(type: string, wanted: string): boolean {
  return wanted.endsWith('.*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted;
}

function isEntity(one: { readonly type: string; readonly id: string }, wanted: NonNullable<StreamFilters['entity']>) {
  return (wanted.type ?? one.type) === one.type && (wanted.id ?? one.id) === one.id;
}

/** Pages and filters are checked where they come in; here a wrong one is a bug. */
function checkRequest({ afterSeq, limit, filters }: StreamRequest): void {
  const isPosition = Number.isSafeInteger(afterSeq) && afterSeq >= 0;
  const isPage = Number.isInteger(limit) && limit > 0 && limit <= sequenceLimits.pagePositions;
  const isFilter = (filters?.types?.length ?? 0) <= sequenceLimits.filterTypes;
  if (!isPosition || !isPage || !isFilter) throw new RangeError('not a page of the stream');
}

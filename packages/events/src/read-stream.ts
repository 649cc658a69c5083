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
  /** Event types, each exactly; 64 at most. */
  readonly types?: readonly string[];
  /** An entity that the event changed. */
  readonly entity?: { readonly type: string; readonly id: string };
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
  const rows = await database.read(scope, (db) =>
    db
      .selectFrom('stream_events as s')
      .leftJoin('domain_events as e', (join) =>
        join
          .onRef('e.tenant_id', '=', 's.tenant_id')
          .onRef('e.environment_id', '=', 's.environment_id')
          .onRef('e.written_in', '=', 's.event_written_in')
          .onRef('e.id', '=', 's.event_id'),
      )
      .select(['s.seq', 's.event_id', 'e.body'])
      .where('s.tenant_id', '=', tenantId)
      .where('s.environment_id', '=', environmentId)
      .where('s.seq', '>', afterSeq)
      .orderBy('s.seq')
      .limit(limit + 1)
      .execute(),
  );
  const positions = rows.slice(0, limit).map(({ seq, event_id: eventId, body }, at): StreamEvent => {
    if (seq !== afterSeq + at + 1) throw new Error(`the stream has no position ${afterSeq + at + 1}`);
    if (body === null)
      throw new Error(`position ${seq} of the stream names ${toId('event', eventId)}, which is not there`);
    return { seq, event: decodeEvent(body) };
  });
  return {
    events: positions.filter(({ event }) => isWanted(event, filters)),
    seq: positions.at(-1)?.seq ?? afterSeq,
    hasMore: rows.length > limit,
  };
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

function isWanted(event: EventEnvelope, { types, entity }: StreamFilters): boolean {
  if (types && !types.includes(event.eventType)) return false;
  return !entity || event.entities.some(({ type, id }) => type === entity.type && id === entity.id);
}

/** Pages and filters are checked where they come in; here a wrong one is a bug. */
function checkRequest({ afterSeq, limit, filters }: StreamRequest): void {
  const isPosition = Number.isSafeInteger(afterSeq) && afterSeq >= 0;
  const isPage = Number.isInteger(limit) && limit > 0 && limit <= sequenceLimits.pagePositions;
  const isFilter = (filters?.types?.length ?? 0) <= sequenceLimits.filterTypes;
  if (!isPosition || !isPage || !isFilter) throw new RangeError('not a page of the stream');
}

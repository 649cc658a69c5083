import { type Database, schemaName, type Scope, toId } from '@karmanflow/schema';
import { sendAll, type Statement } from '../sequence/connection.ts';
import { consumerLimits } from './consumer-limits.ts';
import type { ConsumerTrack } from './define-consumer.ts';

/** A stream in which a track has something to do. */
export interface StreamBehind {
  readonly scope: Scope;
  /** Where the track stands, and where it may go: the head, or the checkpoint of the projection that it waits for. */
  readonly seq: number;
  readonly throughSeq: number;
  readonly retries: number;
  /** Of whoever claimed it last; 0 before anybody did. */
  readonly epoch: number;
  readonly state: 'RUNNING' | 'PAUSED' | 'STOPPED';
  /** Who follows it, a UUID; null when nobody does, or its owner has been silent for too long. */
  readonly ownerId: string | null;
  /** How long its first event that is not done has been there, by the database's clock. */
  readonly waitingSeconds: number;
}

export interface StreamCursor {
  readonly tenantUuid: string;
  readonly environmentUuid: string;
}

export interface StreamsPage {
  readonly streams: readonly StreamBehind[];
  /** null when this was the last page. */
  readonly next: StreamCursor | null;
}

const nil = '00000000-0000-0000-0000-000000000000';

/**
 * Reads, across all tenants, a page of streams in the order of their ids, and returns those in which a track has something to do.
 * Each stream costs a few looks into an index, whatever its length. Ids and positions are all that is seen here.
 */
export async function lookAtStreams(
  database: Database,
  { consumer, track }: ConsumerTrack,
  after: StreamCursor | null,
): Promise<StreamsPage> {
  const waitsFor = track === 'EFFECT' && consumer.projection !== undefined;
  const [answer] = await database.connection((connection) =>
    sendAll(connection, [
      selectBehind({
        consumer: consumer.name,
        track,
        waitsFor,
        after: after ?? { tenantUuid: nil, environmentUuid: nil },
      }),
    ]),
  );
  const rows = answer?.rows ?? [];
  const last = rows.length === consumerLimits.streamsPerPage ? rows.at(-1) : undefined;
  const streams = rows.map(streamOf);
  return {
    streams: streams.filter(({ seq, throughSeq, retries }) => throughSeq > seq || retries > 0),
    next: last ? { tenantUuid: String(last['tenant_id']), environmentUuid: String(last['environment_id']) } : null,
  };
}

/** Goes from stream to stream by the index: grouping would read every position. */
function selectBehind(look: {
  readonly consumer: string;
  readonly track: string;
  readonly waitsFor: boolean;
  readonly after: StreamCursor;
}): Statement {
  const next = (behind: string): string =>
    `select e.tenant_id, e.environment_id from ${schemaName}.stream_events e` +
    ` where (e.tenant_id, e.environment_id) > (${behind}) order by e.tenant_id, e.environment_id limit 1`;
  const own = 'x.tenant_id = s.tenant_id and x.environment_id = s.environment_id';
  const trackOf = (track: string): string =>
    `select * from ${schemaName}.consumer_tracks x where ${own} and x.consumer = $3 and x.track = ${track}`;
  return {
    name: look.waitsFor ? 'consumer_look_behind_projection' : 'consumer_look',
    text: `with recursive streams (tenant_id, environment_id) as (
      (${next('$1::uuid, $2::uuid')})
      union all
      select n.tenant_id, n.environment_id from streams s cross join lateral (${next('s.tenant_id, s.environment_id')}) n
    )
    select s.tenant_id, s.environment_id, coalesce(t.seq, 0) as seq, ${look.waitsFor ? 'coalesce(p.seq, 0)' : 'h.seq'} as through_seq,
      coalesce(t.retries, 0) as retries, coalesce(t.epoch, 0) as epoch, coalesce(t.state, 'RUNNING') as state,
      case when t.lease_until > clock_timestamp() then t.owner_id end as owner_id, f.event_id as first_event_id,
      extract(epoch from clock_timestamp()) * 1000 as now
    from streams s
    cross join lateral (select x.seq from ${schemaName}.stream_events x where ${own} order by x.seq desc limit 1) h
    left join lateral (${trackOf('$4')}) t on true
    ${look.waitsFor ? `left join lateral (${trackOf("'PROJECTION'")}) p on true` : ''}
    left join lateral (
      select x.event_id from ${schemaName}.stream_events x where ${own} and x.seq = coalesce(t.seq, 0) + 1) f on true
    limit ${consumerLimits.streamsPerPage}`,
    values: [look.after.tenantUuid, look.after.environmentUuid, look.consumer, look.track],
  };
}

function streamOf(row: Record<string, unknown>): StreamBehind {
  const number = (column: string): number => Number(row[column]);
  const [seq, throughSeq] = [number('seq'), number('through_seq')];
  return {
    scope: {
      tenantId: toId('tenant', String(row['tenant_id'])),
      environmentId: toId('environment', String(row['environment_id'])),
    },
    seq,
    throughSeq,
    retries: number('retries'),
    epoch: number('epoch'),
    state: row['state'] as StreamBehind['state'], // The column's CHECK keeps it to these.
    ownerId: row['owner_id'] === null ? null : String(row['owner_id']),
    waitingSeconds: throughSeq > seq ? ageSeconds(row['first_event_id'], number('now')) : 0,
  };
}

/** Event ids are UUIDs of version 7, which begin with the time at which they were made. */
function ageSeconds(eventUuid: unknown, now: number): number {
  const madeAt = Number.parseInt(String(eventUuid).replaceAll('-', '').slice(0, 12), 16);
  const seconds = (now - madeAt) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : 0;
}

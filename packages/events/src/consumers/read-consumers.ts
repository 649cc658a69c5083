import { type Database, type Scope, toId, toUuid } from '@karmanflow/schema';
import type { TrackName } from './define-consumer.ts';
import type { ParkedState } from './parked-statements.ts';

/** How far a consumer is on one of its tracks, in one environment. */
export interface TrackStatus {
  readonly consumer: string;
  readonly track: TrackName;
  readonly state: 'RUNNING' | 'PAUSED' | 'STOPPED';
  readonly seq: number;
  readonly epoch: number;
  /** RFC 3339. */
  readonly movedAt: string;
}

/** An event that failed however often it was tried. */
export interface ParkedStatus {
  readonly consumer: string;
  readonly track: TrackName;
  readonly seq: number;
  readonly eventId: string;
  readonly state: ParkedState;
  readonly reason: string;
  readonly tries: number;
  readonly parkedAt: string;
}

const parkedMax = 1_000;

/** Every consumer that has ever followed the stream of an environment. */
export async function readTracks(database: Database, scope: Scope): Promise<TrackStatus[]> {
  const rows = await database.read(scope, (db) =>
    db
      .selectFrom('consumer_tracks')
      .select(['consumer', 'track', 'state', 'seq', 'epoch', 'moved_at'])
      .where('tenant_id', '=', toUuid(scope.tenantId))
      .where('environment_id', '=', toUuid(scope.environmentId))
      .orderBy('consumer')
      .orderBy('track')
      .execute(),
  );
  return rows.map(({ moved_at: movedAt, ...row }) => ({
    ...row,
    // The columns' CHECKs keep them to these words.
    track: row.track as TrackName,
    state: row.state as TrackStatus['state'],
    movedAt,
  }));
}

/** What is parked of a consumer in an environment, in the order of the stream; 1000 at most. */
export async function readParked(
  database: Database,
  { scope, consumer }: { readonly scope: Scope; readonly consumer: string },
): Promise<ParkedStatus[]> {
  const rows = await database.read(scope, (db) =>
    db
      .selectFrom('consumer_parked')
      .select(['consumer', 'track', 'seq', 'event_id', 'state', 'reason', 'tries', 'parked_at'])
      .where('tenant_id', '=', toUuid(scope.tenantId))
      .where('environment_id', '=', toUuid(scope.environmentId))
      .where('consumer', '=', consumer)
      .orderBy('track')
      .orderBy('seq')
      .limit(parkedMax)
      .execute(),
  );
  return rows.map(({ event_id: eventId, parked_at: parkedAt, ...row }) => ({
    ...row,
    eventId: toId('event', eventId),
    // As above.
    track: row.track as TrackName,
    state: row.state as ParkedState,
    parkedAt,
  }));
}

import { schemaName, toUuid } from '@karmanflow/schema';
import type { Answer, Statement } from '../sequence/connection.ts';
import { keyValues, type TrackKey, whereTrack } from './track-statements.ts';

/** What became of an event that failed however often it was tried. `RETRY`: somebody asked for another try. */
export type ParkedState = 'PARKED' | 'RETRY' | 'DONE';

/** Parks an event, or says why it failed again. */
export function parkEvent(
  key: TrackKey,
  failed: { readonly seq: number; readonly eventId: string; readonly reason: string; readonly tries: number },
): Statement {
  return {
    text:
      `INSERT INTO ${schemaName}.consumer_parked (tenant_id, environment_id, consumer, track, seq, event_id, state, reason, tries, parked_at)` +
      " VALUES ($1, $2, $3, $4, $5, $6, 'PARKED', $7, $8, clock_timestamp())" +
      ' ON CONFLICT (tenant_id, environment_id, consumer, track, seq)' +
      " DO UPDATE SET state = 'PARKED', reason = excluded.reason, tries = consumer_parked.tries + excluded.tries," +
      ' parked_at = excluded.parked_at',
    values: [...keyValues(key), failed.seq, toUuid(failed.eventId), failed.reason, failed.tries],
  };
}

/** An event that was parked has been dealt with after all. Nothing happens when it was not. */
export function settleParked(key: TrackKey, seq: number): Statement {
  return {
    text: `UPDATE ${schemaName}.consumer_parked SET state = 'DONE' WHERE ${whereTrack} AND seq = $5 AND state <> 'DONE'`,
    values: [...keyValues(key), seq],
  };
}

/** Everything that was parked behind a position is to be done again anyway. */
export function settleParkedBehind(key: TrackKey, seq: number): Statement {
  return {
    text: `UPDATE ${schemaName}.consumer_parked SET state = 'DONE' WHERE ${whereTrack} AND seq > $5 AND state <> 'DONE'`,
    values: [...keyValues(key), seq],
  };
}

/** Asks for another try of a parked event that the checkpoint has passed. */
export function askForRetry(key: TrackKey, seq: number): Statement {
  return {
    text: `UPDATE ${schemaName}.consumer_parked SET state = 'RETRY' WHERE ${whereTrack} AND seq = $5 AND state = 'PARKED'`,
    values: [...keyValues(key), seq],
  };
}

/** Positions of the parked events that are to be tried again, in the order of the stream. */
export function selectRetries(key: TrackKey, limit: number): Statement {
  return {
    text: `SELECT seq FROM ${schemaName}.consumer_parked WHERE ${whereTrack} AND state = 'RETRY' ORDER BY seq LIMIT $5`,
    values: [...keyValues(key), limit],
  };
}

export function seqsOf(answer: Answer | undefined): number[] {
  return (answer?.rows ?? []).map((row) => Number(row['seq']));
}

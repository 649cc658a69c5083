import { schemaName, type Scope, toUuid } from '@karmanflow/schema';
import type { Answer, Connection, Statement } from '../sequence/connection.ts';
import { sendAll } from '../sequence/connection.ts';
import type { Send } from '../sequence/fenced-transaction.ts';
import { enter } from '../sequence/term.ts';
import type { TrackName } from './define-consumer.ts';

/** One consumer on one track in one environment: what a checkpoint belongs to. */
export interface TrackKey {
  readonly scope: Scope;
  readonly consumer: string;
  readonly track: TrackName;
}

/** That a process follows a stream, and where it stands. Nothing is written under it once another process has claimed the same. */
export interface Claim {
  readonly epoch: number;
  readonly seq: number;
  /** Up to here events are taken one by one. */
  readonly carefulSeq: number;
  /** Failed tries of the event behind `seq`; of the batch behind it, where owners fell silent. */
  readonly tries: number;
  /** Parked events that wait to be tried again. */
  readonly retries: number;
}

/** Another process took the stream, or somebody paused, stopped or rewound it. What was being written is rolled back. */
export class ClaimLost extends Error {
  override readonly name = 'ClaimLost';
}

/** The key as the first four parameters of a statement. */
export const whereTrack = 'tenant_id = $1 AND environment_id = $2 AND consumer = $3 AND track = $4';
export const keyValues = ({ scope, consumer, track }: TrackKey): unknown[] => [
  toUuid(scope.tenantId),
  toUuid(scope.environmentId),
  consumer,
  track,
];

/** Makes the row of a track that has none: it begins before the first event. */
export function insertTrack(key: TrackKey): Statement {
  return {
    name: 'consumer_track_insert',
    text:
      `INSERT INTO ${schemaName}.consumer_tracks (tenant_id, environment_id, consumer, track, state, seq, careful_seq, tries, retries, epoch, moved_at)` +
      " VALUES ($1, $2, $3, $4, 'RUNNING', 0, 0, 0, 0, 0, clock_timestamp()) ON CONFLICT DO NOTHING",
    values: keyValues(key),
  };
}

/** Fails at once (55P03) while a transaction of its owner has the row: whoever has it is alive, or is ended by the server. */
export function lockTrack(key: TrackKey): Statement {
  return {
    name: 'consumer_track_lock',
    text: `SELECT 1 FROM ${schemaName}.consumer_tracks WHERE ${whereTrack} FOR UPDATE NOWAIT`,
    values: keyValues(key),
  };
}

/**
 * Takes a track over whose owner is silent, or which has none. No row when it is another's, or does not run. When two owners one
 * after the other fell silent without getting any further, the next batch is taken one by one: they may have died of an event.
 */
export function claimTrack(
  key: TrackKey,
  owner: { readonly ownerId: string; readonly leaseSeconds: number; readonly batchEvents: number },
): Statement {
  const isSilent = 'owner_id <> $5 AND careful_seq <= seq';
  return {
    name: 'consumer_track_claim',
    text:
      `UPDATE ${schemaName}.consumer_tracks SET epoch = epoch + 1, owner_id = $5, lease_until = clock_timestamp() + make_interval(secs => $6),` +
      ` careful_seq = CASE WHEN ${isSilent} AND tries > 0 THEN seq + $7 ELSE careful_seq END,` +
      ` tries = CASE WHEN ${isSilent} THEN CASE tries WHEN 0 THEN 1 ELSE 0 END ELSE tries END` +
      ` WHERE ${whereTrack} AND state = 'RUNNING'` +
      ' AND (owner_id IS NULL OR owner_id = $5 OR lease_until < clock_timestamp())' +
      ' RETURNING epoch, seq, careful_seq, tries, retries',
    values: [...keyValues(key), owner.ownerId, owner.leaseSeconds, owner.batchEvents],
  };
}

export function claimOf(answer: Answer | undefined): Claim | null {
  const row = answer?.rows[0];
  if (!row) return null;
  const number = (column: string): number => Number(row[column]);
  return {
    epoch: number('epoch'),
    seq: number('seq'),
    carefulSeq: number('careful_seq'),
    tries: number('tries'),
    retries: number('retries'),
  };
}

/** What changes about a track under a claim; what is absent stays. */
export interface TrackStep {
  readonly seq?: number;
  readonly carefulSeq?: number;
  readonly tries?: number;
  readonly retries?: number;
  readonly state?: 'RUNNING' | 'STOPPED';
}

/**
 * Writes a step under a claim and renews its lease. The row is locked until the transaction ends, so that nobody takes over in
 * between. The condition is the fence: no row changes when the claim is no longer the last, or the track does not run.
 */
function stepTrack(
  key: TrackKey,
  write: { readonly claim: Claim; readonly step: TrackStep; readonly leaseSeconds: number },
): Statement {
  const { claim, step, leaseSeconds } = write;
  const next = { ...claim, state: 'RUNNING', ...step };
  return {
    name: 'consumer_track_step',
    text:
      `UPDATE ${schemaName}.consumer_tracks SET seq = $7, careful_seq = $8, tries = $9, retries = $10, state = $11,` +
      ' lease_until = clock_timestamp() + make_interval(secs => $12), moved_at = clock_timestamp()' +
      ` WHERE ${whereTrack} AND epoch = $5 AND seq = $6 AND state = 'RUNNING'`,
    values: [
      ...keyValues(key),
      claim.epoch,
      claim.seq,
      next.seq,
      next.carefulSeq,
      next.tries,
      next.retries,
      next.state,
      leaseSeconds,
    ],
  };
}

/** Gives a track back, so that the next owner need not wait for the lease to run out. */
export function releaseTrack(key: TrackKey, { epoch }: Claim): Statement {
  return {
    name: 'consumer_track_release',
    text: `UPDATE ${schemaName}.consumer_tracks SET owner_id = NULL, lease_until = NULL WHERE ${whereTrack} AND epoch = $5`,
    values: [...keyValues(key), epoch],
  };
}

/**
 * Runs `work` in one transaction together with a step of the track. Throws `ClaimLost` when the claim no longer holds; then, and
 * whatever else is thrown, nothing was written, unless the connection broke while COMMIT was under way.
 */
export async function claimedTransaction(
  connection: Connection,
  options: {
    readonly key: TrackKey;
    readonly claim: Claim;
    readonly step: TrackStep;
    readonly leaseSeconds: number;
    readonly work?: (send: Send) => Promise<void>;
  },
): Promise<Claim> {
  const { key, claim, step, leaseSeconds, work } = options;
  const write = stepTrack(key, { claim, step, leaseSeconds });
  await scopedTransaction(
    connection,
    key.scope,
    async (send, [stepped]) => {
      if (stepped?.rowCount !== 1)
        throw new ClaimLost(`${key.consumer} is no longer followed under epoch ${claim.epoch}`);
      await work?.(send);
    },
    [write],
  );
  const { state: _state, ...moved } = step;
  return { ...claim, ...moved };
}

/** One transaction in a scope: `first` goes out with its beginning, then `work` runs, then it is committed. */
export async function scopedTransaction<T>(
  connection: Connection,
  scope: Scope,
  work: (send: Send, first: readonly Answer[]) => Promise<T>,
  first: readonly Statement[] = [],
): Promise<T> {
  const send: Send = (statements) => sendAll(connection, statements);
  try {
    const opening = [{ text: 'BEGIN' }, ...enter(scope)];
    const answers = await send([...opening, ...first]);
    const result = await work(send, answers.slice(opening.length));
    // A transaction in which something failed is rolled back by COMMIT, without an error, when the failure was swallowed.
    const { command } = await connection.query('COMMIT');
    if (command !== 'COMMIT') throw new Error('a statement failed, and whoever sent it went on as if it had not');
    return result;
  } catch (error) {
    // On a connection that is gone there is nothing left to roll back; what went wrong first is what matters.
    await connection.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

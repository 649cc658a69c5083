import { type Database, schemaName, type Scope } from '@karmanflow/schema';
import type { Answer, Statement } from '../sequence/connection.ts';
import type { ConsumerDefinition, TrackName } from './define-consumer.ts';
import { askForRetry, settleParkedBehind } from './parked-statements.ts';
import { keyValues, scopedTransaction, type TrackKey, whereTrack } from './track-statements.ts';

/** Which track of which consumer, in which environment. */
export interface TrackChoice {
  readonly scope: Scope;
  readonly consumer: ConsumerDefinition;
  readonly track: TrackName;
}

/** `unknown`: it has never followed this stream. `wrong_state`: there is nothing to do, or not now. */
export type OperationResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: 'unknown' | 'wrong_state' | 'out_of_range' };

const keyOf = ({ scope, consumer, track }: TrackChoice): TrackKey => ({ scope, consumer: consumer.name, track });

/** Ends every claim: what its owner is writing is rolled back, or has been committed before this returns. */
const unclaim = 'epoch = epoch + 1, owner_id = NULL, lease_until = NULL, moved_at = clock_timestamp()';

/** Stops following a stream. Nothing is lost: the checkpoint stays, and following goes on from there. */
export function pauseConsumer(database: Database, choice: TrackChoice): Promise<OperationResult> {
  return change(database, choice, [
    update(keyOf(choice), { set: `state = 'PAUSED', ${unclaim}`, where: "state = 'RUNNING'" }),
  ]);
}

/**
 * Follows a stream again that was paused, or that stopped at an event. A stopped one tries its event again; with `past` it leaves
 * that one parked, and goes on behind it.
 */
export function resumeConsumer(
  database: Database,
  choice: TrackChoice & { readonly past?: boolean },
): Promise<OperationResult> {
  const set = `state = 'RUNNING', tries = 0, ${unclaim}`;
  const key = keyOf(choice);
  if (choice.past === true)
    return change(database, choice, [update(key, { set: `seq = seq + 1, ${set}`, where: "state = 'STOPPED'" })]);
  return change(database, choice, [update(key, { set, where: "state <> 'RUNNING'" })]);
}

/**
 * Puts a checkpoint back, so that everything behind it is done again. A projection is emptied in the same transaction and built from
 * the beginning, since only that gives the same again: its `toSeq` is 0. A side effect may go back to any position, and is done again
 * from there. A paused track stays paused.
 */
export async function rewindConsumer(
  database: Database,
  choice: TrackChoice & { readonly toSeq: number },
): Promise<OperationResult> {
  const { toSeq, track, consumer, scope } = choice;
  const isPosition = Number.isSafeInteger(toSeq) && toSeq >= 0;
  if (!isPosition || (track === 'PROJECTION' && toSeq !== 0)) return { ok: false, reason: 'out_of_range' };
  const key = keyOf(choice);
  const statement = update(key, {
    set: `seq = $5, careful_seq = 0, tries = 0, retries = 0, state = CASE state WHEN 'PAUSED' THEN state ELSE 'RUNNING' END, ${unclaim}`,
    where: 'seq >= $5',
    values: [toSeq],
  });
  return database.connection((connection) =>
    scopedTransaction(
      connection,
      scope,
      async (send, answers) => {
        const result = resultOf(answers);
        if (!result.ok) return result.reason === 'wrong_state' ? { ok: false, reason: 'out_of_range' } : result;
        if (track === 'PROJECTION') await consumer.projection?.clear({ scope, send });
        await send([settleParkedBehind(key, toSeq)]);
        return result;
      },
      [isThere(key), statement],
    ),
  );
}

/** Has a parked event tried again, behind all that came after it. One that its stream still stands before is resumed instead. */
export function retryParked(
  database: Database,
  choice: TrackChoice & { readonly seq: number },
): Promise<OperationResult> {
  const key = keyOf(choice);
  return database.connection((connection) =>
    scopedTransaction(
      connection,
      choice.scope,
      async (send, answers): Promise<OperationResult> => {
        if (answers[0]?.rowCount !== 1) return { ok: false, reason: 'unknown' };
        const seq = Number(answers[0].rows[0]?.['seq']);
        if (seq < choice.seq) return { ok: false, reason: 'out_of_range' };
        const [asked] = await send([askForRetry(key, choice.seq)]);
        if (asked?.rowCount !== 1) return { ok: false, reason: 'wrong_state' };
        await send([update(key, { set: `retries = retries + 1, ${unclaim}`, where: 'true' })]);
        return { ok: true };
      },
      [isThere(key)],
    ),
  );
}

async function change(
  database: Database,
  choice: TrackChoice,
  statements: readonly Statement[],
): Promise<OperationResult> {
  return database.connection((connection) =>
    scopedTransaction(connection, choice.scope, async (_send, answers) => resultOf(answers), [
      isThere(keyOf(choice)),
      ...statements,
    ]),
  );
}

/** The lock is waited for: a transaction of the owner that is under way ends first. */
function isThere(key: TrackKey): Statement {
  return {
    text: `SELECT seq FROM ${schemaName}.consumer_tracks WHERE ${whereTrack} FOR UPDATE`,
    values: keyValues(key),
  };
}

function update(
  key: TrackKey,
  what: { readonly set: string; readonly where: string; readonly values?: readonly unknown[] },
): Statement {
  return {
    text: `UPDATE ${schemaName}.consumer_tracks SET ${what.set} WHERE ${whereTrack} AND ${what.where}`,
    values: [...keyValues(key), ...(what.values ?? [])],
  };
}

function resultOf([there, changed]: readonly Answer[]): OperationResult {
  if (there?.rowCount !== 1) return { ok: false, reason: 'unknown' };
  return changed?.rowCount === 1 ? { ok: true } : { ok: false, reason: 'wrong_state' };
}

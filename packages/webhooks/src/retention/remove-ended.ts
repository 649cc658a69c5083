import { type Connection, enter, type Send, sendAll, type Statement } from '@karmanflow/events';
import { limits, schemaName, toUuid } from '@karmanflow/schema';
import type { WorkPlace } from '../dispatch/find-work.ts';
import { type ScopePair, within } from '../dispatch/row-statements.ts';
import { retentionLimits } from './retention-limits.ts';

export interface PieceBounds {
  readonly pieceDeliveries: number;
  readonly pieceAttempts: number;
}

export interface RemovalInput extends WorkPlace {
  /** What ended before goes. By the database's clock. */
  readonly endedBeforeMilliseconds: number;
  /** The last delivery that a piece before this one looked at (UUID); null for the first piece. */
  readonly afterId: string | null;
  readonly bounds?: PieceBounds;
}

export interface Removal {
  readonly deliveries: number;
  readonly attempts: number;
  /** Where the next piece goes on; null when all were looked at that can be old enough. */
  readonly nextAfterId: string | null;
}

/**
 * One piece of the removal of a subscription's history, one transaction: deliveries that ended before a time go together with
 * their attempts. Takes no lock that a visit waits for: a delivery that has ended is never changed again. Any number of
 * processes may do this at once; each passes over what another one is removing. Throws what the database throws, and then
 * everything is still there.
 *
 * Nothing is admitted a second time for it. Admission looks at positions behind the cursor only, and a delivery goes only when
 * the cursor stands at it or beyond, or has begun another generation, of which the unique key of deliveries knows nothing.
 * A recovery likewise goes on behind its own place; until it has come to its end, what it sent and what it may still look at stay.
 */
export async function removeEnded(connection: Connection, input: RemovalInput): Promise<Removal> {
  const send: Send = (statements) => sendAll(connection, statements);
  try {
    const removal = await removePiece(send, input);
    await send([{ text: 'COMMIT' }]);
    return removal;
  } catch (error) {
    await connection.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function removePiece(send: Send, input: RemovalInput): Promise<Removal> {
  const { pieceDeliveries, pieceAttempts }: PieceBounds = input.bounds ?? retentionLimits;
  const pair: ScopePair = [toUuid(input.scope.tenantId), toUuid(input.scope.environmentId)];
  const opening = [{ text: 'BEGIN' }, ...enter(input.scope), selectPiece(pair, { ...input, pieceDeliveries })];
  const answers = await send(opening);
  // The columns that the statement names.
  const rows = (answers.at(-1)?.rows ?? []) as unknown as readonly PieceRow[];
  const looked = withinAttempts(rows, pieceAttempts);
  const nextAfterId =
    looked.length < rows.length || rows.length === pieceDeliveries ? (looked.at(-1)?.id ?? null) : null;
  const over = looked.filter(({ is_over: isOver }) => isOver).map(({ id }) => id);
  if (over.length === 0) return { deliveries: 0, attempts: 0, nextAfterId };
  const [locked] = await send([lockDeliveries(pair, over)]);
  const ids = (locked?.rows ?? []).map(({ id }) => String(id));
  if (ids.length === 0) return { deliveries: 0, attempts: 0, nextAfterId };
  const [attempts, deliveries] = await send([deleteAttempts(pair, ids), deleteDeliveries(pair, ids)]);
  return { deliveries: deliveries?.rowCount ?? 0, attempts: attempts?.rowCount ?? 0, nextAfterId };
}

interface PieceRow {
  readonly id: string;
  readonly attempts: number;
  readonly is_over: boolean;
}

/** As many from the beginning as may go at once, and one at least. */
function withinAttempts(rows: readonly PieceRow[], pieceAttempts: number): readonly PieceRow[] {
  let attempts = 0;
  const end = rows.findIndex((row, at) => {
    if (row.is_over) attempts += row.attempts;
    return at > 0 && attempts > pieceAttempts;
  });
  return end === -1 ? rows : rows.slice(0, end);
}

/**
 * The next deliveries in the order of their admission, and of each whether it may go. Ids begin with the time at which they were
 * made (RFC 9562), so that those made later need not be looked at: of what came before, only what was open at that time stays.
 */
function selectPiece(
  pair: ScopePair,
  wanted: Pick<RemovalInput, 'subscriptionId' | 'afterId' | 'endedBeforeMilliseconds'> & {
    readonly pieceDeliveries: number;
  },
): Statement {
  const { subscriptionId, afterId, endedBeforeMilliseconds, pieceDeliveries } = wanted;
  return {
    name: 'webhook_history_piece',
    text:
      `WITH ${recoveriesUnderWay} SELECT d.id, d.attempts, coalesce(d.ended_at < least($4::timestamptz, ${leastAge}), false)` +
      ' AND (c.generation > d.generation OR (c.generation = d.generation AND c.admitted_seq >= d.seq))' +
      ' AND NOT EXISTS (SELECT FROM recoveries r WHERE r.id = d.origin_id OR r.delivery_id = d.id' +
      ' OR (d.origin_id = d.subscription_id AND d.seq BETWEEN r.next_seq AND r.to_seq)) AS is_over' +
      ` FROM ${schemaName}.webhook_deliveries d JOIN ${schemaName}.webhook_cursors c ON ${within('c')}` +
      ` AND c.subscription_id = $3 WHERE ${within('d')} AND d.subscription_id = $3 AND d.id > $5 AND d.id < $6` +
      ' ORDER BY d.id LIMIT $7',
    values: [
      ...pair,
      subscriptionId,
      new Date(endedBeforeMilliseconds).toISOString(),
      afterId ?? '00000000-0000-0000-0000-000000000000',
      leastUuidAt(endedBeforeMilliseconds),
      pieceDeliveries,
    ],
  };
}

/** The schema lets nobody remove what is younger, and attempts only go with their delivery. */
const leastAge = `now() - interval '${limits.deliveryHistoryMinDays * 24} hours'`;

/** Those that may still look at something; one that was cancelled may be resumed, so it counts for as long as history does. */
const recoveriesUnderWay =
  'recoveries AS MATERIALIZED (SELECT r.id, r.delivery_id, coalesce(p.through_seq + 1, r.from_seq) AS next_seq, r.to_seq' +
  ` FROM ${schemaName}.webhook_recoveries r JOIN ${schemaName}.webhook_subscriptions s ON ${within('s')}` +
  ` AND s.id = r.subscription_id AND s.state <> 'DELETED' LEFT JOIN ${schemaName}.webhook_recovery_progress p` +
  ` ON ${within('p')} AND p.recovery_id = r.id WHERE ${within('r')} AND r.subscription_id = $3` +
  " AND (r.status = 'RUNNING' OR (r.status = 'CANCELLED' AND r.finished_at >= $4::timestamptz)))";

/** Whatever another process is removing is passed over, so that nobody waits. */
function lockDeliveries(pair: ScopePair, ids: readonly string[]): Statement {
  return {
    name: 'webhook_history_lock',
    text:
      `SELECT d.id FROM ${schemaName}.webhook_deliveries d WHERE ${within('d')} AND d.id = ANY($3::uuid[])` +
      ' ORDER BY d.id FOR UPDATE SKIP LOCKED',
    values: [...pair, ids],
  };
}

function deleteAttempts(pair: ScopePair, ids: readonly string[]): Statement {
  return {
    name: 'webhook_history_attempts',
    text: `DELETE FROM ${schemaName}.webhook_attempts AS a WHERE ${within('a')} AND a.delivery_id = ANY($3::uuid[])`,
    values: [...pair, ids],
  };
}

/** One of which an attempt is too young for the schema stays until that has its age as well. */
function deleteDeliveries(pair: ScopePair, ids: readonly string[]): Statement {
  return {
    name: 'webhook_history_deliveries',
    text:
      `DELETE FROM ${schemaName}.webhook_deliveries AS d WHERE ${within('d')} AND d.id = ANY($3::uuid[]) AND NOT EXISTS (` +
      `SELECT FROM ${schemaName}.webhook_attempts a WHERE ${within('a')} AND a.delivery_id = d.id)`,
    values: [...pair, ids],
  };
}

function leastUuidAt(milliseconds: number): string {
  const time = Math.max(0, Math.floor(milliseconds)).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`;
}

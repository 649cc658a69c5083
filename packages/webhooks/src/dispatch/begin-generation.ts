import type { Statement } from '@karmanflow/events';
import { schemaName } from '@karmanflow/schema';
import { newEndpointHealth } from '../delivery/endpoint-health.ts';
import { insertRows, type ScopePair, within } from './row-statements.ts';
import type { SubscriptionView } from './subscription-rows.ts';
import { timeOf } from './record-attempts.ts';

/** Where a generation begins: the last position that is not its business, and up to where only the latest of each entity is. */
export interface GenerationStart {
  readonly admittedSeq: number;
  readonly compactUntilSeq: number | null;
}

export function selectStart(pair: ScopePair, startEventId: string): Statement {
  return {
    name: 'webhook_start',
    text: `SELECT s.seq FROM ${schemaName}.stream_events s WHERE ${within('s')} AND s.event_id = $3`,
    values: [...pair, startEventId],
  };
}

/**
 * Where the current generation of a subscription begins. Null while the event that began it has no position yet. `reached` is
 * how far the generation before came: everything up to it was delivered or given up.
 */
export function generationStart(
  subscription: Pick<SubscriptionView, 'start_mode' | 'start_seq'>,
  known: { readonly startSeq: number | null; readonly reached: number },
): GenerationStart | null {
  const { start_mode: mode, start_seq: seq } = subscription;
  if (mode === 'FROM_SEQ') return { admittedSeq: Math.max(0, (seq ?? 1) - 1), compactUntilSeq: null };
  const { startSeq, reached } = known;
  if (startSeq === null) return null;
  if (mode !== 'LATEST_PER_ENTITY') return { admittedSeq: startSeq, compactUntilSeq: null };
  return reached >= startSeq
    ? { admittedSeq: reached, compactUntilSeq: null }
    : { admittedSeq: reached, compactUntilSeq: startSeq };
}

/** The rows of a subscription that is seen for the first time; another process may have written them meanwhile. */
export function insertCursor(
  pair: ScopePair,
  begun: { readonly subscription: SubscriptionView; readonly start: GenerationStart; readonly nowMilliseconds: number },
): Statement[] {
  const { subscription, start, nowMilliseconds } = begun;
  const now = timeOf(nowMilliseconds);
  const cursor = {
    subscription_id: subscription.id,
    roster_version: subscription.roster_version,
    generation: subscription.generation,
    health_epoch: subscription.health_epoch,
    admitted_seq: start.admittedSeq,
    next_ordinal: 1,
    compact_until_seq: start.compactUntilSeq,
    follows: true,
    next_due_at: now,
    paced_until: null,
    health: 'HEALTHY',
    health_since: now,
    next_probe_at: null,
  };
  const health = {
    subscription_id: subscription.id,
    reason: 'new',
    consecutive_failures: 0,
    first_failure_at: null,
    pace: null,
    evidence: JSON.stringify(newEndpointHealth({ atMilliseconds: nowMilliseconds })),
  };
  return [
    ...insertRows({
      verb: `INSERT INTO ${schemaName}.webhook_cursors`,
      table: 'webhook_cursors',
      pair,
      rows: [cursor],
    }),
    ...insertRows({ verb: `INSERT INTO ${schemaName}.webhook_health`, table: 'webhook_health', pair, rows: [health] }),
  ].map((statement) => ({ ...statement, text: `${statement.text} ON CONFLICT DO NOTHING` }));
}

/** What an earlier generation had not ended is not sent any more: somebody decided to begin elsewhere, or to end it all. */
export function dropPending(
  pair: ScopePair,
  dropped: { readonly subscriptionId: string; readonly beforeGeneration: number | null; readonly why: string },
): Statement {
  const { subscriptionId, beforeGeneration, why } = dropped;
  const isEarlier =
    beforeGeneration === null ? 'true' : `d.origin_id = d.subscription_id AND d.generation < ${beforeGeneration}`;
  return {
    text:
      `UPDATE ${schemaName}.webhook_deliveries AS d SET state = 'DROPPED', ended_at = now(), why = $4, behind = NULL,` +
      ` lease_id = NULL, lease_until = NULL, next_attempt_at = NULL WHERE ${within('d')} AND d.subscription_id = $3` +
      ` AND d.ended_at IS NULL AND ${isEarlier} RETURNING d.seq`,
    values: [...pair, subscriptionId, why],
  };
}

/** After a rest everything that waits for its next attempt is due: it waited for the endpoint, and that is back. */
export function bringForward(pair: ScopePair, subscriptionId: string): Statement {
  return {
    text:
      `UPDATE ${schemaName}.webhook_deliveries AS d SET next_attempt_at = now(), why = 'endpoint_back'` +
      ` WHERE ${within('d')} AND d.subscription_id = $3 AND d.state = 'WAITING' AND d.next_attempt_at > now()`,
    values: [...pair, subscriptionId],
  };
}

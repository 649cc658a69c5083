import type { Answer, Statement } from '@karmanflow/events';
import { type Row, schemaName } from '@karmanflow/schema';
import type { OpenWork } from './look-again.ts';
import type { DeliveryLane } from './plan-claims.ts';
import { type ScopePair, within } from './row-statements.ts';

/** Takes back what a dead process had claimed. Nobody else can be sending it: a lease outlasts every attempt under it. */
export function takeBackLost(pair: ScopePair, subscriptionId: string): Statement {
  return {
    name: 'webhook_lost',
    text:
      `UPDATE ${schemaName}.webhook_deliveries AS d SET state = 'WAITING', attempts = d.attempts + 1, next_attempt_at = now(),` +
      " why = 'lease_ended', is_probe = false, lease_id = NULL, lease_until = NULL FROM (" +
      `SELECT l.id, l.lease_until, l.is_probe FROM ${schemaName}.webhook_deliveries l WHERE ${within('l')}` +
      " AND l.subscription_id = $3 AND l.state = 'SENDING' AND l.lease_until <= now()) AS o" +
      ` WHERE ${within('d')} AND d.id = o.id RETURNING d.id, d.attempts, d.traceparent, o.lease_until, o.is_probe`,
    values: [...pair, subscriptionId],
  };
}

export interface LostRow {
  readonly id: string;
  readonly attempts: number;
  readonly traceparent: string | null;
  readonly lease_until: string;
  readonly is_probe: boolean;
}

export function selectOpenWork(pair: ScopePair, subscriptionId: string): Statement {
  return {
    name: 'webhook_open_work',
    text:
      "SELECT count(*) AS pending, count(*) FILTER (WHERE d.state = 'WAITING') AS waiting," +
      " count(*) FILTER (WHERE d.state = 'WAITING' AND d.next_attempt_at <= now()) AS ready," +
      " count(*) FILTER (WHERE d.state = 'SENDING') AS sending," +
      " min(d.next_attempt_at) FILTER (WHERE d.state = 'WAITING' AND d.next_attempt_at > now()) AS next_attempt_at," +
      ' min(d.lease_until) AS lease_until' +
      ` FROM ${schemaName}.webhook_deliveries d WHERE ${within('d')} AND d.subscription_id = $3 AND d.ended_at IS NULL`,
    values: [...pair, subscriptionId],
  };
}

export function readOpenWork(answer: Answer | undefined): OpenWork {
  const row = answer?.rows[0] ?? {};
  const timeAt = (name: string): number | null => (typeof row[name] === 'string' ? Date.parse(row[name]) : null);
  return {
    pending: Number(row['pending'] ?? 0),
    waiting: Number(row['waiting'] ?? 0),
    ready: Number(row['ready'] ?? 0),
    sending: Number(row['sending'] ?? 0),
    nextAttemptAtMilliseconds: timeAt('next_attempt_at'),
    leaseEndsAtMilliseconds: timeAt('lease_until'),
  };
}

/** A delivery that may be claimed, with its event. */
export interface CandidateRow extends Row<'webhook_deliveries'> {
  readonly lane: DeliveryLane;
  readonly body: Uint8Array;
}

/** The first of a lane whose time has come; for a probe also those whose time has not. */
export function selectCandidates(
  pair: ScopePair,
  wanted: {
    readonly subscriptionId: string;
    readonly lane: DeliveryLane;
    readonly limit: number;
    readonly isProbe: boolean;
  },
): Statement {
  const { subscriptionId, lane, limit, isProbe } = wanted;
  return {
    name: `webhook_candidates_${isProbe ? 'probe' : 'due'}`,
    text:
      `SELECT d.*, e.body FROM (SELECT d.* FROM ${schemaName}.webhook_deliveries d WHERE ${within('d')}` +
      ` AND d.subscription_id = $3 AND d.lane = $4 AND d.state = 'WAITING'${isProbe ? '' : ' AND d.next_attempt_at <= now()'}` +
      ' ORDER BY d.next_attempt_at, d.seq LIMIT $5) AS d CROSS JOIN LATERAL (' +
      `SELECT e.body FROM ${schemaName}.domain_events e WHERE ${within('e')}` +
      ' AND e.written_in = d.event_written_in AND e.id = d.event_id OFFSET 0) AS e',
    values: [...pair, subscriptionId, lane, limit],
  };
}

export function claimStatement(
  pair: ScopePair,
  claim: {
    readonly deliveryIds: readonly string[];
    readonly leaseId: string;
    readonly leaseUntil: string;
    readonly isProbe: boolean;
  },
): Statement {
  return {
    name: 'webhook_claim',
    text:
      `UPDATE ${schemaName}.webhook_deliveries AS d SET state = 'SENDING', lease_id = $4, lease_until = $5, is_probe = $6` +
      ` WHERE ${within('d')} AND d.id = ANY($3::uuid[]) AND d.state = 'WAITING'`,
    values: [...pair, claim.deliveryIds, claim.leaseId, claim.leaseUntil, claim.isProbe],
  };
}

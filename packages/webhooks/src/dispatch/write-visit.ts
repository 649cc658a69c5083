import { isDeepStrictEqual } from 'node:util';
import type { Statement } from '@karmanflow/events';
import { schemaName } from '@karmanflow/schema';
import type { EndpointHealth } from '../delivery/endpoint-health.ts';
import { type NewDelivery, newDeliveryRow } from './admit-page.ts';
import type { RecoveryPage } from './admit.ts';
import type { LookAgain } from './look-again.ts';
import { type CandidateRow, claimStatement, type LostRow } from './open-deliveries.ts';
import { lostAttemptRow, timeOf } from './record-attempts.ts';
import { upsertProgress } from './replay-range.ts';
import { insertRows, type ScopePair, updateRows } from './row-statements.ts';
import { type CursorRow, healthName, type SubscriptionView } from './subscription-rows.ts';
import type { Progress } from './visit-state.ts';

export interface Lease {
  readonly id: string;
  readonly until: string;
}

export interface VisitWrites {
  readonly pair: ScopePair;
  readonly now: string;
  readonly subscription: SubscriptionView;
  readonly cursor: CursorRow;
  readonly progress: Progress;
  readonly health: EndpointHealth;
  readonly pacedUntilMilliseconds: number | null;
  readonly again: LookAgain;
  readonly lost: readonly LostRow[];
  readonly lease: Lease;
  readonly isProbe: boolean;
  readonly claimed: readonly CandidateRow[];
  readonly added: readonly NewDelivery[];
  /** Of what is new, what is sent at once. */
  readonly claimedNew: ReadonlySet<string>;
  readonly replay: RecoveryPage | null;
}

/** The last statements of a visit before COMMIT: what is new, what is claimed, and where the subscription stands now. */
export function writeVisit(writes: VisitWrites): readonly Statement[] {
  const { pair, now, subscription, lost, health, lease, isProbe, claimed, added, claimedNew, replay } = writes;
  const lostRows = lost.map((row) => lostAttemptRow({ ...row, leaseUntil: row.lease_until, health }));
  const newRows = added.map((delivery) =>
    newDeliveryRow(delivery, {
      subscriptionId: subscription.id,
      now,
      lease: claimedNew.has(delivery.id) ? lease : null,
      isProbe,
    }),
  );
  const deliveryIds = claimed.map(({ id }) => id);
  const claim = { deliveryIds, leaseId: lease.id, leaseUntil: lease.until, isProbe };
  return [
    ...insertRows({
      verb: `INSERT INTO ${schemaName}.webhook_attempts`,
      table: 'webhook_attempts',
      pair,
      rows: lostRows,
    }),
    ...insertRows({
      verb: `INSERT INTO ${schemaName}.webhook_deliveries`,
      table: 'webhook_deliveries',
      pair,
      rows: newRows,
    }),
    ...(deliveryIds.length > 0 ? [claimStatement(pair, claim)] : []),
    ...(replay === null || isUnchanged(replay) ? [] : [progressOf(pair, replay)]),
    ...cursorStatements(writes),
    ...healthStatements(writes),
  ];
}

function isUnchanged({ recovery, throughSeq, admittedCount }: RecoveryPage): boolean {
  return recovery.through_seq === throughSeq && recovery.admitted_count === admittedCount;
}

function progressOf(pair: ScopePair, { recovery, throughSeq, admittedCount }: RecoveryPage): Statement {
  const isNew = recovery.through_seq === null;
  return upsertProgress(pair, { recoveryId: recovery.id, throughSeq, admittedCount, isNew });
}

/** Nothing when nothing changed: most visits of an idle subscription only look. */
function cursorStatements(writes: VisitWrites): readonly Statement[] {
  const { pair, subscription, cursor, progress, health, again } = writes;
  const next = {
    roster_version: subscription.roster_version,
    generation: progress.generation,
    health_epoch: subscription.health_epoch,
    admitted_seq: progress.admittedSeq,
    next_ordinal: progress.nextOrdinal,
    compact_until_seq: progress.compactUntilSeq,
    follows: again.follows,
    next_due_at: timeOf(again.dueAtMilliseconds),
    paced_until: timeOf(writes.pacedUntilMilliseconds),
    health: healthName(health),
    health_since: timeOf(health.sinceMilliseconds),
    next_probe_at: timeOf(health.nextProbeAtMilliseconds),
  };
  const isChanged = Object.entries(next).some(([name, value]) => cursor[name as keyof typeof next] !== value);
  return isChanged
    ? updateRows({
        verb: `UPDATE ${schemaName}.webhook_cursors`,
        table: 'webhook_cursors',
        pair,
        key: 'subscription_id',
        rows: [{ subscription_id: subscription.id, ...next }],
      })
    : [];
}

function healthStatements({ pair, subscription, health }: VisitWrites): readonly Statement[] {
  // Postgres keeps no order of members, so that texts would differ.
  if (isDeepStrictEqual(subscription.health_state, health)) return [];
  const row = {
    subscription_id: subscription.id,
    reason: health.reason,
    consecutive_failures: health.evidence.consecutiveFailures,
    first_failure_at: timeOf(health.evidence.failingSinceMilliseconds),
    pace: Math.floor(health.flow.concurrency),
    evidence: JSON.stringify(health),
  };
  return updateRows({
    verb: `UPDATE ${schemaName}.webhook_health`,
    table: 'webhook_health',
    pair,
    key: 'subscription_id',
    rows: [row],
  });
}

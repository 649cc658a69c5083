import { type Id, type Scope, toId } from '@karmanflow/schema';
import type { NewDelivery } from './admit-page.ts';
import type { DeliverySequence } from './delivery-sequence.ts';
import type { CandidateRow } from './open-deliveries.ts';

/** What is to be sent now, under a lease. UUIDs where no kind of id is named. */
export interface ClaimedDelivery {
  readonly deliveryId: string;
  readonly leaseId: string;
  /** The number of this attempt, from 1. */
  readonly attempt: number;
  readonly isProbe: boolean;
  readonly eventId: Id<'event'>;
  /** The stored envelope. */
  readonly event: Uint8Array;
  readonly sequence: DeliverySequence;
  readonly recoveryId: Id<'webhookRecovery'> | null;
  readonly traceparent: string | null;
}

interface ClaimContext {
  readonly scope: Scope;
  readonly subscriptionId: string;
  readonly leaseId: string;
  readonly isProbe: boolean;
}

export function claimedRow(row: CandidateRow, context: ClaimContext): ClaimedDelivery {
  const place = { generation: row.generation, ordinal: row.ordinal, previous: row.previous_ordinal };
  return {
    ...commonOf(context),
    deliveryId: row.id,
    attempt: row.attempts + 1,
    eventId: toId('event', row.event_id),
    event: row.body,
    sequence: { subscriptionId: toId('webhookSubscription', context.subscriptionId), ...place },
    recoveryId: recoveryOf(row.origin_id, context),
    traceparent: row.traceparent,
  };
}

export function claimedNewDelivery(delivery: NewDelivery, context: ClaimContext): ClaimedDelivery {
  const { generation, ordinal, previous } = delivery;
  const subscriptionId = toId('webhookSubscription', context.subscriptionId);
  return {
    ...commonOf(context),
    deliveryId: delivery.id,
    attempt: 1,
    eventId: toId('event', delivery.eventId),
    event: delivery.body,
    sequence: { subscriptionId, generation, ordinal, previous },
    recoveryId: recoveryOf(delivery.originId, context),
    traceparent: delivery.traceparent,
  };
}

function commonOf({ leaseId, isProbe }: ClaimContext): Pick<ClaimedDelivery, 'leaseId' | 'isProbe'> {
  return { leaseId, isProbe };
}

function recoveryOf(originId: string, { subscriptionId }: ClaimContext): Id<'webhookRecovery'> | null {
  return originId === subscriptionId ? null : toId('webhookRecovery', originId);
}

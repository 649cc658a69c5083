import { createHash } from 'node:crypto';
import { type Id, toUuid } from '@karmanflow/schema';

/**
 * The `webhook-id` of an event for one subscription: the same over all attempts, in a replay and in polling. It differs
 * between subscriptions, so that two endpoints of one receiver can share a memory of ids.
 */
export function deliveryMessageId(pair: {
  readonly subscriptionId: Id<'webhookSubscription'>;
  readonly eventId: Id<'event'>;
}): string {
  const name = `karmanflow/webhook-id/${toUuid(pair.subscriptionId)}/${toUuid(pair.eventId)}`;
  return `msg_${createHash('sha256').update(name).digest().subarray(0, 24).toString('base64url')}`;
}

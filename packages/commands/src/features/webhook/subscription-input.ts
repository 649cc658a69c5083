import { type Id, idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import type { StateReader } from '../../definition/command.ts';
import { type Load, rowsWhere } from '../../definition/entity.ts';
import { webhookRosterEntry, webhookSubscription, type WebhookSubscriptionState } from './entities.ts';

/** What commands about one subscription share. */
export const subscriptionInput = v.strictObject({ subscriptionId: idShape('webhookSubscription') });
type OfSubscription = v.InferOutput<typeof subscriptionInput>;

export function subscriptionRow({ subscriptionId }: OfSubscription): Load {
  return rowsWhere(webhookSubscription, { id: subscriptionId });
}

/** The subscription, and its place in the roster, which changes with every decision about it. */
export function loadSubscription({ subscriptionId }: OfSubscription): Load[] {
  return [subscriptionRow({ subscriptionId }), rowsWhere(webhookRosterEntry, { subscriptionId })];
}

export type LiveSubscription =
  | { readonly ok: true; readonly subscription: WebhookSubscriptionState; readonly nextVersion: number }
  | {
      readonly ok: false;
      readonly code: 'webhook_subscription_not_found' | 'webhook_subscription_deleted';
      readonly detail: { readonly subscriptionId: Id<'webhookSubscription'> };
    };

/** The subscription as long as it is not deleted, and the version that the next event gives it. */
export function liveSubscription(state: StateReader, { subscriptionId }: OfSubscription): LiveSubscription {
  const subscription = state.get(webhookSubscription, { id: subscriptionId });
  const detail = { subscriptionId };
  if (!subscription) return { ok: false, code: 'webhook_subscription_not_found', detail };
  if (subscription.state === 'DELETED') return { ok: false, code: 'webhook_subscription_deleted', detail };
  return { ok: true, subscription, nextVersion: state.versionOf(webhookSubscription, { id: subscriptionId }) + 1 };
}

import { idShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import type { WebhookSubscriptionState } from '../entities.ts';
import { subscriptionSecretRotated } from '../events.ts';
import { whole } from '../shapes.ts';
import { liveSubscription, loadSubscription, subscriptionInput, subscriptionRow } from '../subscription-input.ts';
import { webhookBounds } from '../webhook-bounds.ts';

/**
 * R1: the old secret signs on during the overlap, so nobody is cut off by it. An answer that was lost is no loss: rotating
 * again shows another secret, and every one since the oldest that is in use still signs.
 */
export const rotateWebhookSecret = defineCommand({
  type: 'webhook.rotate_secret',
  version: 1,
  summary:
    'Gives a subscription a new secret, which the first answer shows once. The old ones sign on for the overlap.',
  risk: 'R1',
  scope: 'webhook.subscription:rotate_secret',
  environment: 'caller',
  actorTypes: ['USER', 'SERVICE'],
  input: v.strictObject({
    ...subscriptionInput.entries,
    /** 0 ends every older secret at once, for one that has leaked. */
    overlapSeconds: v.optional(
      whole({ min: 0, max: webhookBounds.overlapMaxSeconds }),
      webhookBounds.overlapDefaultSeconds,
    ),
  }),
  output: v.strictObject({
    subscriptionId: idShape('webhookSubscription'),
    secretVersion: v.number(),
    retiringVersion: v.nullable(v.number()),
    retiringUntil: v.nullable(timestampShape),
    version: v.number(),
  }),
  refusals: ['webhook_subscription_not_found', 'webhook_subscription_deleted', 'webhook_secret_limit_reached'],
  load: loadSubscription,
  versioned: subscriptionRow,
  decide: (state, { subscriptionId, overlapSeconds }, { now }) => {
    const live = liveSubscription(state, { subscriptionId });
    if (!live.ok) return refuse(live.code, live.detail);
    const { subscription, nextVersion } = live;
    const secretVersion = subscription.secretVersion + 1;
    const retiring = retiringAfter(subscription, { overlapSeconds, now });
    const oldest = retiring.retiringVersion ?? secretVersion;
    if (secretVersion - oldest >= webhookBounds.liveSecrets) {
      return refuse('webhook_secret_limit_reached', {
        atMost: webhookBounds.liveSecrets,
        retiringUntil: subscription.retiringUntil,
      });
    }
    const rotated = { subscriptionId, secretVersion, ...retiring };
    return accept({
      events: [subscriptionSecretRotated.of(rotated)],
      response: { ...rotated, version: nextVersion },
    });
  },
});

/** From the oldest secret that is in use up to the last one, until the later of both ends. Times compare as text. */
function retiringAfter(
  { secretVersion, retiringVersion, retiringUntil }: WebhookSubscriptionState,
  { overlapSeconds, now }: { readonly overlapSeconds: number; readonly now: string },
): { readonly retiringVersion: number | null; readonly retiringUntil: string | null } {
  if (overlapSeconds === 0) return { retiringVersion: null, retiringUntil: null };
  const until = new Date(Date.parse(now) + overlapSeconds * 1000).toISOString();
  const isRetiring = retiringUntil !== null && now < retiringUntil;
  if (!isRetiring) return { retiringVersion: secretVersion, retiringUntil: until };
  return { retiringVersion, retiringUntil: retiringUntil < until ? until : retiringUntil };
}

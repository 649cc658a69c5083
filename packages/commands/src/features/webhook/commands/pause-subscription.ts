import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { subscriptionPaused } from '../events.ts';
import { liveSubscription, loadSubscription, subscriptionInput, subscriptionRow } from '../subscription-input.ts';

export const pauseSubscription = defineCommand({
  type: 'webhook.pause_subscription',
  version: 1,
  summary: 'Stops deliveries of a subscription. Nothing is lost: its place in the stream stays where it is.',
  risk: 'R1',
  scope: 'webhook.subscription:pause',
  environment: 'caller',
  input: subscriptionInput,
  output: v.strictObject({
    subscriptionId: idShape('webhookSubscription'),
    state: v.literal('PAUSED'),
    version: v.number(),
  }),
  refusals: ['webhook_subscription_not_found', 'webhook_subscription_deleted', 'webhook_subscription_paused'],
  load: loadSubscription,
  versioned: subscriptionRow,
  decide: (state, { subscriptionId }) => {
    const live = liveSubscription(state, { subscriptionId });
    if (!live.ok) return refuse(live.code, live.detail);
    if (live.subscription.state === 'PAUSED') return refuse('webhook_subscription_paused', { subscriptionId });
    return accept({
      events: [subscriptionPaused.of({ subscriptionId })],
      response: { subscriptionId, state: 'PAUSED', version: live.nextVersion },
    });
  },
});

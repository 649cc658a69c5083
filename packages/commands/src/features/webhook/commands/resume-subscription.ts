import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { subscriptionResumed } from '../events.ts';
import { liveSubscription, loadSubscription, subscriptionInput, subscriptionRow } from '../subscription-input.ts';

/** R1: it sends what people had already decided to send. */
export const resumeSubscription = defineCommand({
  type: 'webhook.resume_subscription',
  version: 1,
  summary: 'Lets a subscription deliver again that was paused, suspended or gone, from where the caller says.',
  risk: 'R1',
  scope: 'webhook.subscription:resume',
  environment: 'caller',
  input: v.strictObject({
    ...subscriptionInput.entries,
    /** Everything that came meanwhile, nothing of it, or of each entity the last that happened. */
    from: v.picklist(['WHERE_IT_STOPPED', 'NOW', 'LATEST_PER_ENTITY']),
  }),
  output: v.strictObject({
    subscriptionId: idShape('webhookSubscription'),
    state: v.literal('ENABLED'),
    generation: v.number(),
    version: v.number(),
  }),
  refusals: ['webhook_subscription_not_found', 'webhook_subscription_deleted', 'webhook_subscription_not_stopped'],
  load: loadSubscription,
  versioned: subscriptionRow,
  decide: (state, { subscriptionId, from }) => {
    const live = liveSubscription(state, { subscriptionId });
    if (!live.ok) return refuse(live.code, live.detail);
    const { subscription, nextVersion } = live;
    const isStopped = subscription.state === 'PAUSED' || ['SUSPENDED', 'GONE'].includes(subscription.health);
    if (!isStopped) return refuse('webhook_subscription_not_stopped', { health: subscription.health });
    const generation = subscription.generation + (from === 'WHERE_IT_STOPPED' ? 0 : 1);
    return accept({
      events: [subscriptionResumed.of({ subscriptionId, from, generation })],
      response: { subscriptionId, state: 'ENABLED', generation, version: nextVersion },
    });
  },
});

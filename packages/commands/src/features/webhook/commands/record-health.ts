import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { healthFields, subscriptionHealthChanged } from '../events.ts';
import { liveSubscription, subscriptionRow } from '../subscription-input.ts';

/** What the health machine found, on record: the event warns whoever subscribed to it. */
export const recordHealth = defineCommand({
  type: 'webhook.record_health',
  version: 1,
  summary: 'Records that an endpoint became better or worse, and why. The worker issues it.',
  risk: 'R1',
  scope: 'webhook.subscription:record_health',
  environment: 'caller',
  actorTypes: ['SYSTEM'],
  internal: true,
  input: v.strictObject(healthFields),
  output: v.strictObject({}),
  refusals: [
    'webhook_subscription_not_found',
    'webhook_subscription_deleted',
    'webhook_health_superseded',
    'webhook_health_unchanged',
  ],
  load: (input) => [subscriptionRow(input)],
  decide: (state, { subscriptionId, ...observed }) => {
    const live = liveSubscription(state, { subscriptionId });
    if (!live.ok) return refuse(live.code, live.detail);
    const { healthEpoch, health, healthReason } = live.subscription;
    if (observed.healthEpoch !== healthEpoch) return refuse('webhook_health_superseded', { healthEpoch });
    if (observed.health === health && observed.reason === healthReason) {
      return refuse('webhook_health_unchanged', { health });
    }
    return accept({ events: [subscriptionHealthChanged.of({ subscriptionId, ...observed })], response: {} });
  },
});

import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { subscriptionDeleted } from '../events.ts';
import { liveSubscription, loadSubscription, subscriptionInput, subscriptionRow } from '../subscription-input.ts';

/** R2: a partner is never told again by it, and what waits for it is dropped. What is urgent, pausing does at once. */
export const deleteSubscription = defineCommand({
  type: 'webhook.delete_subscription',
  version: 1,
  summary: 'Ends a subscription for good; what waits for it is dropped, its history stays. Waits for a named human.',
  risk: 'R2',
  scope: 'webhook.subscription:delete',
  environment: 'caller',
  input: subscriptionInput,
  output: v.strictObject({
    subscriptionId: idShape('webhookSubscription'),
    state: v.literal('DELETED'),
    version: v.number(),
  }),
  refusals: ['webhook_subscription_not_found', 'webhook_subscription_deleted'],
  load: loadSubscription,
  versioned: subscriptionRow,
  decide: (state, { subscriptionId }) => {
    const live = liveSubscription(state, { subscriptionId });
    if (!live.ok) return refuse(live.code, live.detail);
    return accept({
      events: [subscriptionDeleted.of({ subscriptionId })],
      response: { subscriptionId, state: 'DELETED', version: live.nextVersion },
    });
  },
});

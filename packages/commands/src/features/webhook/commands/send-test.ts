import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { subscriptionTestRequested } from '../events.ts';
import { liveSubscription, subscriptionInput, subscriptionRow } from '../subscription-input.ts';

export const sendTest = defineCommand({
  type: 'webhook.send_test',
  version: 1,
  summary: 'Sends a test event to one subscription, whatever its event types; it takes the way that all events take.',
  risk: 'R1',
  scope: 'webhook.subscription:test',
  environment: 'caller',
  input: subscriptionInput,
  output: v.strictObject({}),
  refusals: ['webhook_subscription_not_found', 'webhook_subscription_deleted'],
  load: (input) => [subscriptionRow(input)],
  decide: (state, { subscriptionId }) => {
    const live = liveSubscription(state, { subscriptionId });
    if (!live.ok) return refuse(live.code, live.detail);
    return accept({ events: [subscriptionTestRequested.of({ subscriptionId })], response: {} });
  },
});

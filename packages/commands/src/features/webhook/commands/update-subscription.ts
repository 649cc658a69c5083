import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { subscriptionUpdated } from '../events.ts';
import { noteShape, eventTypesShape, headersShape, orderings, settingsShape, urlShape } from '../shapes.ts';
import { headersOf } from '../headers-of.ts';
import { liveSubscription, loadSubscription, subscriptionInput, subscriptionRow } from '../subscription-input.ts';

/** R1 for the reason of `create_subscription`: another address is what another subscription would be. */
export const updateSubscription = defineCommand({
  type: 'webhook.update_subscription',
  version: 1,
  summary: 'Changes settings of a subscription; what is not named stays. Another address begins with a clean record.',
  risk: 'R1',
  scope: 'webhook.subscription:update',
  environment: 'caller',
  actorTypes: ['USER', 'SERVICE'],
  input: v.pipe(
    v.strictObject({
      ...subscriptionInput.entries,
      url: v.optional(urlShape),
      /** Empty: none from then on. */
      description: v.optional(noteShape),
      eventTypes: v.optional(eventTypesShape),
      ordering: v.optional(v.picklist(orderings)),
      headers: v.optional(headersShape),
      ratePerSecond: v.optional(settingsShape.ratePerSecond),
      maxInFlight: v.optional(settingsShape.maxInFlight),
      asymmetric: v.optional(v.boolean()),
    }),
    v.check((input) => Object.keys(input).length > 1, 'must change something'),
  ),
  output: v.strictObject({ subscriptionId: idShape('webhookSubscription'), version: v.number() }),
  refusals: ['webhook_subscription_not_found', 'webhook_subscription_deleted'],
  load: loadSubscription,
  versioned: subscriptionRow,
  decide: (state, { subscriptionId, ...changes }) => {
    const live = liveSubscription(state, { subscriptionId });
    if (!live.ok) return refuse(live.code, live.detail);
    const { subscription, nextVersion } = live;
    const updated = subscriptionUpdated.of({
      subscriptionId,
      url: changes.url ?? subscription.url,
      description: changes.description === undefined ? subscription.description : changes.description || null,
      eventTypes: changes.eventTypes ?? [...subscription.eventTypes],
      ordering: changes.ordering ?? subscription.ordering,
      headers: changes.headers ?? headersOf(subscription.headers),
      ratePerSecond: changes.ratePerSecond ?? subscription.ratePerSecond,
      maxInFlight: changes.maxInFlight ?? subscription.maxInFlight,
      asymmetric: changes.asymmetric ?? subscription.isAsymmetric,
    });
    return accept({ events: [updated], response: { subscriptionId, version: nextVersion } });
  },
});

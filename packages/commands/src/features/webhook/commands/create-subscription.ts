import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { webhookRosterEntry } from '../entities.ts';
import { subscriptionCreated } from '../events.ts';
import {
  descriptionShape,
  eventTypesShape,
  headersShape,
  orderings,
  positionShape,
  settingsShape,
  urlShape,
} from '../shapes.ts';
import { webhookBounds } from '../webhook-bounds.ts';

/**
 * R1, since it opens nothing that was closed: whoever may create one may read the same events and pass them on. It is for
 * people and for systems of the tenant; agents and connectors do not decide where a tenant's events go.
 */
export const createSubscription = defineCommand({
  type: 'webhook.create_subscription',
  version: 1,
  summary: 'Tells an address of the events of this environment, signed. The first answer shows the secret, once.',
  risk: 'R1',
  scope: 'webhook.subscription:create',
  environment: 'caller',
  actorTypes: ['USER', 'SERVICE'],
  input: v.strictObject({
    url: urlShape,
    eventTypes: eventTypesShape,
    description: v.optional(descriptionShape),
    /** BY_ENTITY: what concerns the same thing arrives in order; STRICT: everything does, one by one. */
    ordering: v.optional(v.picklist(orderings), 'BY_ENTITY'),
    headers: v.optional(headersShape, {}),
    ratePerSecond: v.optional(settingsShape.ratePerSecond, webhookBounds.ratePerSecondDefault),
    maxInFlight: v.optional(settingsShape.maxInFlight, webhookBounds.inFlightDefault),
    asymmetric: v.optional(v.boolean(), false),
    /** The first position of the stream that is delivered; what comes from now on unless given. */
    fromSeq: v.optional(positionShape),
  }),
  output: v.strictObject({
    subscriptionId: idShape('webhookSubscription'),
    state: v.literal('ENABLED'),
    secretVersion: v.number(),
    generation: v.number(),
    version: v.number(),
  }),
  refusals: ['webhook_subscription_limit_reached'],
  load: () => [rowsWhere(webhookRosterEntry, { status: 'LIVE' })],
  decide: (state, { fromSeq, description = null, ...settings }, ctx) => {
    const max = webhookBounds.subscriptionsPerEnvironment;
    if (state.list(webhookRosterEntry, { status: 'LIVE' }).length >= max) {
      return refuse('webhook_subscription_limit_reached', { atMost: max });
    }
    const subscriptionId = ctx.newId('webhookSubscription');
    const created = subscriptionCreated.of({
      subscriptionId,
      ...settings,
      description,
      startMode: fromSeq === undefined ? 'FROM_NOW' : 'FROM_SEQ',
      startSeq: fromSeq ?? null,
    });
    return accept({
      events: [created],
      response: { subscriptionId, state: 'ENABLED', secretVersion: 1, generation: 1, version: 1 },
    });
  },
});

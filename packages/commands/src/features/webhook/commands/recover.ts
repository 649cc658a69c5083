import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { recoveryStarted } from '../events.ts';
import { isFull, loadRunning } from '../recovery-input.ts';
import { eventTypesShape, positionShape, whole } from '../shapes.ts';
import { liveSubscription, loadSubscription, subscriptionInput } from '../subscription-input.ts';
import { webhookBounds } from '../webhook-bounds.ts';

/** R1: the partner was to be told of all this, and knows what it has by the id of each message. */
export const recover = defineCommand({
  type: 'webhook.recover',
  version: 1,
  summary:
    'Sends a range of the stream to a subscription again, or what of it failed, at most as many as expected. Look at the preview first.',
  risk: 'R1',
  scope: 'webhook.subscription:recover',
  environment: 'caller',
  input: v.pipe(
    v.strictObject({
      ...subscriptionInput.entries,
      /** Positions of the stream, both included. */
      fromSeq: positionShape,
      toSeq: positionShape,
      /** Those of the subscription unless given. */
      eventTypes: v.optional(eventTypesShape),
      onlyFailed: v.optional(v.boolean(), false),
      expectedCount: whole({ min: 1, max: webhookBounds.recoveryDeliveries }),
    }),
    v.check(({ fromSeq, toSeq }) => fromSeq <= toSeq, 'fromSeq must not be behind toSeq'),
  ),
  output: v.strictObject({ recoveryId: idShape('webhookRecovery'), status: v.literal('RUNNING'), version: v.number() }),
  refusals: ['webhook_subscription_not_found', 'webhook_subscription_deleted', 'webhook_recovery_limit_reached'],
  load: (input) => [...loadSubscription(input), loadRunning(input.subscriptionId)],
  decide: (state, { subscriptionId, eventTypes = [], ...range }, ctx) => {
    const live = liveSubscription(state, { subscriptionId });
    if (!live.ok) return refuse(live.code, live.detail);
    if (isFull(state, subscriptionId)) {
      return refuse('webhook_recovery_limit_reached', { atMost: webhookBounds.recoveriesUnderWay });
    }
    const recoveryId = ctx.newId('webhookRecovery');
    const started = recoveryStarted.of({
      recoveryId,
      subscriptionId,
      kind: 'RECOVER',
      deliveryId: null,
      eventTypes,
      ...range,
    });
    return accept({ events: [started], response: { recoveryId, status: 'RUNNING', version: 1 } });
  },
});

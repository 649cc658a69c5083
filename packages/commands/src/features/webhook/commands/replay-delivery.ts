import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { deliveryInHistory } from '../delivery-history.ts';
import { recoveryStarted } from '../events.ts';
import { isFull, loadRunning } from '../recovery-input.ts';
import { liveSubscription, loadSubscription, subscriptionInput } from '../subscription-input.ts';
import { webhookBounds } from '../webhook-bounds.ts';

/** A delivery that is removed between this decision and the worker's next visit ends its recovery with nothing done. */
export const replayDelivery = defineCommand({
  type: 'webhook.replay_delivery',
  version: 1,
  summary: 'Sends one delivery again, with the id and the body that it had. What becomes of it, its recovery tells.',
  risk: 'R1',
  scope: 'webhook.subscription:recover',
  environment: 'caller',
  input: v.strictObject({ ...subscriptionInput.entries, deliveryId: idShape('webhookDelivery') }),
  output: v.strictObject({ recoveryId: idShape('webhookRecovery'), status: v.literal('RUNNING'), version: v.number() }),
  refusals: [
    'webhook_subscription_not_found',
    'webhook_subscription_deleted',
    'webhook_recovery_limit_reached',
    'webhook_delivery_not_found',
  ],
  load: (input) => [
    ...loadSubscription(input),
    loadRunning(input.subscriptionId),
    rowsWhere(deliveryInHistory, { id: input.deliveryId }),
  ],
  decide: (state, { subscriptionId, deliveryId }, ctx) => {
    const live = liveSubscription(state, { subscriptionId });
    if (!live.ok) return refuse(live.code, live.detail);
    if (isFull(state, subscriptionId)) {
      return refuse('webhook_recovery_limit_reached', { atMost: webhookBounds.recoveriesUnderWay });
    }
    if (!state.get(deliveryInHistory, { id: deliveryId, subscriptionId })) {
      return refuse('webhook_delivery_not_found', { deliveryId });
    }
    const recoveryId = ctx.newId('webhookRecovery');
    const started = recoveryStarted.of({
      recoveryId,
      subscriptionId,
      kind: 'REPLAY',
      deliveryId,
      fromSeq: null,
      toSeq: null,
      eventTypes: [],
      onlyFailed: false,
      expectedCount: 1,
    });
    return accept({ events: [started], response: { recoveryId, status: 'RUNNING', version: 1 } });
  },
});

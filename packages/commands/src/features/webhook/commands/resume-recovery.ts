import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { webhookRecovery, webhookSubscription } from '../entities.ts';
import { recoveryResumed } from '../events.ts';
import { isFull, loadItsRoster, loadRecovery, loadRunning, recoveryInput, recoveryRow } from '../recovery-input.ts';
import { subscriptionRow } from '../subscription-input.ts';
import { webhookBounds } from '../webhook-bounds.ts';

export const resumeRecovery = defineCommand({
  type: 'webhook.resume_recovery',
  version: 1,
  summary: 'Lets a recovery that was cancelled go on behind what it had taken up.',
  risk: 'R1',
  scope: 'webhook.subscription:recover',
  environment: 'caller',
  input: recoveryInput,
  output: v.strictObject({ recoveryId: idShape('webhookRecovery'), status: v.literal('RUNNING'), version: v.number() }),
  refusals: [
    'webhook_recovery_not_found',
    'webhook_recovery_not_cancelled',
    'webhook_subscription_deleted',
    'webhook_recovery_limit_reached',
  ],
  load: loadRecovery,
  loadNext: (input, state) => {
    const recovery = state.get(webhookRecovery, { id: input.recoveryId });
    if (!recovery) return [];
    const { subscriptionId } = recovery;
    return [...loadItsRoster(input, state), subscriptionRow({ subscriptionId }), loadRunning(subscriptionId)];
  },
  versioned: recoveryRow,
  decide: (state, { recoveryId }) => {
    const recovery = state.get(webhookRecovery, { id: recoveryId });
    if (!recovery) return refuse('webhook_recovery_not_found', { recoveryId });
    const { status, subscriptionId } = recovery;
    if (status !== 'CANCELLED') return refuse('webhook_recovery_not_cancelled', { status });
    const subscription = state.get(webhookSubscription, { id: subscriptionId });
    if (subscription?.state !== 'ENABLED' && subscription?.state !== 'PAUSED') {
      return refuse('webhook_subscription_deleted', { subscriptionId });
    }
    if (isFull(state, subscriptionId)) {
      return refuse('webhook_recovery_limit_reached', { atMost: webhookBounds.recoveriesUnderWay });
    }
    return accept({
      events: [recoveryResumed.of({ recoveryId, subscriptionId })],
      response: { recoveryId, status: 'RUNNING', version: state.versionOf(webhookRecovery, { id: recoveryId }) + 1 },
    });
  },
});

import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { webhookRecovery } from '../entities.ts';
import { recoveryFinished } from '../events.ts';
import { loadRecovery, recoveryInput } from '../recovery-input.ts';
import { whole } from '../shapes.ts';
import { webhookBounds } from '../webhook-bounds.ts';

const amount = whole({ min: 0, max: webhookBounds.recoveryDeliveries });

export const finishRecovery = defineCommand({
  type: 'webhook.finish_recovery',
  version: 1,
  summary: 'Ends a recovery of which nothing waits any more, or that has reached its bound. The worker issues it.',
  risk: 'R1',
  scope: 'webhook.recovery:finish',
  environment: 'caller',
  actorTypes: ['SYSTEM'],
  internal: true,
  input: v.strictObject({
    ...recoveryInput.entries,
    doneCount: amount,
    failedCount: amount,
    /** Whether something is left that matches. */
    moreMatch: v.boolean(),
  }),
  output: v.strictObject({ recoveryId: idShape('webhookRecovery'), status: v.picklist(['DONE', 'STOPPED_AT_BOUND']) }),
  refusals: ['webhook_recovery_not_found', 'webhook_recovery_not_running', 'webhook_recovery_overdone'],
  load: loadRecovery,
  decide: (state, { recoveryId, doneCount, failedCount, moreMatch }) => {
    const recovery = state.get(webhookRecovery, { id: recoveryId });
    if (!recovery) return refuse('webhook_recovery_not_found', { recoveryId });
    const { status, subscriptionId, expectedCount } = recovery;
    if (status !== 'RUNNING') return refuse('webhook_recovery_not_running', { status });
    if (doneCount + failedCount > expectedCount) {
      return refuse('webhook_recovery_overdone', { count: doneCount + failedCount, expectedCount });
    }
    const outcome = moreMatch ? 'STOPPED_AT_BOUND' : 'DONE';
    return accept({
      events: [recoveryFinished.of({ recoveryId, subscriptionId, outcome, doneCount, failedCount })],
      response: { recoveryId, status: outcome },
    });
  },
});

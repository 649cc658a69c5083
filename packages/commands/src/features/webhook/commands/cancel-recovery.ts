import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { webhookRecovery } from '../entities.ts';
import { recoveryCancelled } from '../events.ts';
import { loadItsRoster, loadRecovery, recoveryInput, recoveryRow } from '../recovery-input.ts';

export const cancelRecovery = defineCommand({
  type: 'webhook.cancel_recovery',
  version: 1,
  summary: 'Lets a recovery take up nothing further; what it took up is still sent. It can be resumed.',
  risk: 'R1',
  scope: 'webhook.subscription:recover',
  environment: 'caller',
  input: recoveryInput,
  output: v.strictObject({
    recoveryId: idShape('webhookRecovery'),
    status: v.literal('CANCELLED'),
    version: v.number(),
  }),
  refusals: ['webhook_recovery_not_found', 'webhook_recovery_not_running'],
  load: loadRecovery,
  loadNext: loadItsRoster,
  versioned: recoveryRow,
  decide: (state, { recoveryId }) => {
    const recovery = state.get(webhookRecovery, { id: recoveryId });
    if (!recovery) return refuse('webhook_recovery_not_found', { recoveryId });
    const { status, subscriptionId } = recovery;
    if (status !== 'RUNNING') return refuse('webhook_recovery_not_running', { status });
    return accept({
      events: [recoveryCancelled.of({ recoveryId, subscriptionId })],
      response: {
        recoveryId,
        status: 'CANCELLED',
        version: state.versionOf(webhookRecovery, { id: recoveryId }) + 1,
      },
    });
  },
});

import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { massCancel } from '../mass-cancel/entities.ts';
import { massCancelFinished } from '../mass-cancel/events.ts';

export const finishMassCancel = defineCommand({
  type: 'reservation.finish_mass_cancel',
  version: 1,
  summary:
    'Ends a mass cancellation that has nothing left to cancel, or that has reached its bound. The worker issues it.',
  risk: 'R1',
  scope: 'inventory.reservation:finish_mass_cancel',
  environment: 'caller',
  actorTypes: ['SYSTEM'],
  internal: true,
  input: v.strictObject({
    massCancelId: idShape('massCancel'),
    /** Whether a reservation is left that matches. */
    moreMatch: v.boolean(),
  }),
  output: v.strictObject({
    massCancelId: idShape('massCancel'),
    status: v.picklist(['COMPLETED', 'STOPPED_AT_BOUND']),
    cancelledCount: v.number(),
  }),
  refusals: ['mass_cancel_not_found', 'mass_cancel_not_running', 'mass_cancel_unfinished'],
  load: ({ massCancelId }) => [rowsWhere(massCancel, { id: massCancelId })],
  decide: (state, { massCancelId, moreMatch }) => {
    const operation = state.get(massCancel, { id: massCancelId });
    if (!operation) return refuse('mass_cancel_not_found', { massCancelId });
    if (operation.status !== 'RUNNING') return refuse('mass_cancel_not_running', { status: operation.status });
    const { cancelledCount, expectedCount } = operation;
    if (moreMatch && cancelledCount < expectedCount) {
      return refuse('mass_cancel_unfinished', { cancelledCount, expectedCount });
    }
    const outcome = moreMatch ? 'STOPPED_AT_BOUND' : 'COMPLETED';
    return accept({
      events: [massCancelFinished.of({ massCancelId, outcome })],
      response: { massCancelId, status: outcome, cancelledCount },
    });
  },
});

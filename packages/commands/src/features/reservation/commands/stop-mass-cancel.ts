import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { massCancel } from '../mass-cancel/entities.ts';
import { massCancelStopped } from '../mass-cancel/events.ts';

/** R1 and one human: stopping does no harm that could not be made good by asking for another mass cancellation. */
export const stopMassCancel = defineCommand({
  type: 'reservation.stop_mass_cancel',
  version: 1,
  summary: 'Stops a mass cancellation before its next reservation. What was cancelled stays cancelled.',
  risk: 'R1',
  scope: 'inventory.reservation:mass_cancel',
  environment: 'caller',
  actorTypes: ['USER'],
  input: v.strictObject({ massCancelId: idShape('massCancel') }),
  output: v.strictObject({
    massCancelId: idShape('massCancel'),
    status: v.literal('STOPPED'),
    cancelledCount: v.number(),
    version: v.number(),
  }),
  refusals: ['mass_cancel_not_found', 'mass_cancel_not_running'],
  load: ({ massCancelId }) => [rowsWhere(massCancel, { id: massCancelId })],
  versioned: ({ massCancelId }) => rowsWhere(massCancel, { id: massCancelId }),
  decide: (state, { massCancelId }) => {
    const operation = state.get(massCancel, { id: massCancelId });
    if (!operation) return refuse('mass_cancel_not_found', { massCancelId });
    if (operation.status !== 'RUNNING') return refuse('mass_cancel_not_running', { status: operation.status });
    return accept({
      events: [massCancelStopped.of({ massCancelId })],
      response: {
        massCancelId,
        status: 'STOPPED',
        cancelledCount: operation.cancelledCount,
        version: state.versionOf(massCancel, { id: massCancelId }) + 1,
      },
    });
  },
});

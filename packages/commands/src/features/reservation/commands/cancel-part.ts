import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { stockMovement } from '../../inventory/index.ts';
import { cancellable, cancellationOf } from '../cancellation.ts';
import { reservation } from '../entities.ts';
import { massCancel } from '../mass-cancel/entities.ts';
import { massCancelAdvanced } from '../mass-cancel/events.ts';
import { isMatching } from '../mass-cancel/filter.ts';

/** R1 although cancelling is R2: humans approved the whole, and it cancels nothing that they did not approve. */
export const cancelPart = defineCommand({
  type: 'reservation.cancel_part',
  version: 1,
  summary: 'Cancels one reservation of a mass cancellation that was approved. The worker issues it.',
  risk: 'R1',
  scope: 'inventory.reservation:cancel_part',
  environment: 'caller',
  actorTypes: ['SYSTEM'],
  internal: true,
  input: v.strictObject({ massCancelId: idShape('massCancel'), reservationId: idShape('reservation') }),
  output: v.strictObject({
    massCancelId: idShape('massCancel'),
    reservationId: idShape('reservation'),
    status: v.literal('CANCELLED'),
    cancelledCount: v.number(),
  }),
  refusals: [
    'mass_cancel_not_found',
    'mass_cancel_not_running',
    'mass_cancel_bound_reached',
    'reservation_not_found',
    'reservation_not_matching',
  ],
  // The operation first: its parts share a lane, and so transactions, instead of waiting for each other's lock on it.
  load: ({ massCancelId, reservationId }) => [
    rowsWhere(massCancel, { id: massCancelId }),
    ...cancellable.load({ reservationId }),
  ],
  loadNext: cancellable.loadNext,
  decide: (state, { massCancelId, reservationId }) => {
    const operation = state.get(massCancel, { id: massCancelId });
    if (!operation) return refuse('mass_cancel_not_found', { massCancelId });
    if (operation.status !== 'RUNNING') return refuse('mass_cancel_not_running', { status: operation.status });
    const { cancelledCount, expectedCount } = operation;
    if (cancelledCount >= expectedCount) return refuse('mass_cancel_bound_reached', { expectedCount });
    const held = state.get(reservation, { id: reservationId });
    if (!held) return refuse('reservation_not_found', { reservationId });
    const [line] = state.list(stockMovement, { eventId: held.createdByEvent });
    if (!line || !isMatching(operation, held, line.occurredAt)) {
      return refuse('reservation_not_matching', { reservationId, status: held.status });
    }
    return accept({
      events: [...cancellationOf(state, held), massCancelAdvanced.of({ massCancelId, reservationId })],
      response: { massCancelId, reservationId, status: 'CANCELLED', cancelledCount: cancelledCount + 1 },
    });
  },
});

import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { cancellable, cancellationOf } from '../cancellation.ts';
import { reservation } from '../entities.ts';

export const cancel = defineCommand({
  type: 'reservation.cancel',
  version: 1,
  summary:
    'Takes back a promise: gives the units of an active or committed reservation free, allocated ones too. Waits for a named human.',
  risk: 'R2',
  scope: 'inventory.reservation:cancel',
  environment: 'caller',
  input: v.strictObject({ reservationId: idShape('reservation') }),
  output: v.strictObject({
    reservationId: idShape('reservation'),
    status: v.literal('CANCELLED'),
    version: v.number(),
  }),
  refusals: ['reservation_not_found', 'reservation_not_active'],
  ...cancellable,
  versioned: ({ reservationId }) => rowsWhere(reservation, { id: reservationId }),
  decide: (state, { reservationId }) => {
    const held = state.get(reservation, { id: reservationId });
    if (!held) return refuse('reservation_not_found', { reservationId });
    if (held.status !== 'ACTIVE' && held.status !== 'COMMITTED') {
      return refuse('reservation_not_active', { status: held.status });
    }
    return accept({
      events: cancellationOf(state, held),
      response: {
        reservationId,
        status: 'CANCELLED',
        version: state.versionOf(reservation, { id: reservationId }) + 1,
      },
    });
  },
});

import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { reservation } from '../entities.ts';
import { reservationCommitted } from '../events.ts';
import { whyNotActive } from '../why-not-active.ts';

export const commit = defineCommand({
  type: 'reservation.commit',
  version: 1,
  summary: 'Makes a hold firm: it no longer expires, and its units stay reserved until they are allocated.',
  risk: 'R1',
  scope: 'inventory.reservation:commit',
  environment: 'caller',
  input: v.strictObject({ reservationId: idShape('reservation') }),
  output: v.strictObject({
    reservationId: idShape('reservation'),
    status: v.literal('COMMITTED'),
    version: v.number(),
  }),
  refusals: ['reservation_not_found', 'reservation_not_active', 'reservation_expired'],
  load: ({ reservationId }) => [rowsWhere(reservation, { id: reservationId })],
  versioned: ({ reservationId }) => rowsWhere(reservation, { id: reservationId }),
  decide: (state, { reservationId }, ctx) => {
    const held = state.get(reservation, { id: reservationId });
    if (!held) return refuse('reservation_not_found', { reservationId });
    const problem = whyNotActive(held, ctx.now);
    if (problem) return problem;
    return accept({
      events: [reservationCommitted.of({ reservationId })],
      response: {
        reservationId,
        status: 'COMMITTED',
        version: state.versionOf(reservation, { id: reservationId }) + 1,
      },
    });
  },
});

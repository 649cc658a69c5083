import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { reservation } from '../entities.ts';
import { reservationExpired } from '../events.ts';
import { heldStock, linesOf } from '../held-stock.ts';

/** R1, unlike cancelling: stock must not wait for an approval to come back. */
export const expire = defineCommand({
  type: 'reservation.expire',
  version: 1,
  summary: 'Ends a hold whose time is over and gives its units back. The worker issues it; an operator may.',
  risk: 'R1',
  scope: 'inventory.reservation:expire',
  environment: 'caller',
  input: v.strictObject({ reservationId: idShape('reservation') }),
  output: v.strictObject({ reservationId: idShape('reservation'), status: v.literal('EXPIRED'), version: v.number() }),
  refusals: ['reservation_not_found', 'reservation_not_active', 'reservation_not_expired'],
  ...heldStock,
  versioned: ({ reservationId }) => rowsWhere(reservation, { id: reservationId }),
  decide: (state, { reservationId }, ctx) => {
    const held = state.get(reservation, { id: reservationId });
    if (!held) return refuse('reservation_not_found', { reservationId });
    if (held.status !== 'ACTIVE') return refuse('reservation_not_active', { status: held.status });
    if (ctx.now < held.expiresAt) return refuse('reservation_not_expired', { expiresAt: held.expiresAt });
    return accept({
      events: [reservationExpired.of({ reservationId, lines: linesOf(state, held.createdByEvent) })],
      response: { reservationId, status: 'EXPIRED', version: state.versionOf(reservation, { id: reservationId }) + 1 },
    });
  },
});

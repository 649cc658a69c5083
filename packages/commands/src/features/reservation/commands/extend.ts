import { idShape, limits, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { reservation } from '../entities.ts';
import { reservationExtended } from '../events.ts';
import { whyNotActive } from '../why-not-active.ts';

export const extend = defineCommand({
  type: 'reservation.extend',
  version: 1,
  summary: 'Lets an active hold end later, counted from now, a limited number of times.',
  risk: 'R1',
  scope: 'inventory.reservation:extend',
  environment: 'caller',
  input: v.strictObject({
    reservationId: idShape('reservation'),
    holdSeconds: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(Number.MAX_SAFE_INTEGER)),
  }),
  output: v.strictObject({ reservationId: idShape('reservation'), expiresAt: timestampShape, version: v.number() }),
  refusals: [
    'reservation_not_found',
    'reservation_not_active',
    'reservation_expired',
    'hold_out_of_range',
    'extension_limit_reached',
  ],
  load: ({ reservationId }) => [rowsWhere(reservation, { id: reservationId })],
  versioned: ({ reservationId }) => rowsWhere(reservation, { id: reservationId }),
  decide: (state, { reservationId, holdSeconds }, ctx) => {
    const held = state.get(reservation, { id: reservationId });
    if (!held) return refuse('reservation_not_found', { reservationId });
    const problem = whyNotActive(held, ctx.now);
    if (problem) return problem;
    const { reservationHoldMinSeconds: min, reservationHoldMaxSeconds: max } = limits;
    const expiresAt = new Date(Date.parse(ctx.now) + Math.min(holdSeconds, max) * 1000).toISOString();
    // An extension that would shorten the hold is refused like one that is too long.
    if (holdSeconds < min || holdSeconds > max || expiresAt <= held.expiresAt) {
      return refuse('hold_out_of_range', { holdSeconds, min, max, expiresAt: held.expiresAt });
    }
    if (held.extensions >= limits.reservationExtensions) {
      return refuse('extension_limit_reached', { extensions: held.extensions });
    }
    return accept({
      events: [reservationExtended.of({ reservationId, expiresAt })],
      response: { reservationId, expiresAt, version: state.versionOf(reservation, { id: reservationId }) + 1 },
    });
  },
});

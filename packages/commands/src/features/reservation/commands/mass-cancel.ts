import { idShape, limits, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { salesChannel } from '../../inventory/index.ts';
import { massCancelStarted } from '../mass-cancel/events.ts';
import { filterInput, filterOf } from '../mass-cancel/filter.ts';

export const massCancelReservations = defineCommand({
  type: 'reservation.mass_cancel',
  version: 1,
  summary:
    'Starts to cancel all reservations that match a filter, at most as many as expected. Look at the preview first: its count is what a second human approves.',
  risk: 'R3',
  scope: 'inventory.reservation:mass_cancel',
  environment: 'caller',
  input: v.strictObject({
    ...filterInput,
    expectedCount: v.pipe(
      v.number(),
      v.integer('must be a whole number'),
      v.minValue(1, 'must be at least 1'),
      v.maxValue(limits.massCancelReservations, `must be at most ${limits.massCancelReservations}`),
    ),
  }),
  output: v.strictObject({
    massCancelId: idShape('massCancel'),
    status: v.literal('RUNNING'),
    expectedCount: v.number(),
    createdBefore: timestampShape,
    version: v.number(),
  }),
  refusals: ['sales_channel_not_found'],
  load: ({ salesChannelId }) => (salesChannelId ? [rowsWhere(salesChannel, { id: salesChannelId })] : []),
  decide: (state, { expectedCount, ...input }, ctx) => {
    const { salesChannelId } = input;
    if (salesChannelId && !state.get(salesChannel, { id: salesChannelId })) {
      return refuse('sales_channel_not_found', { salesChannelId });
    }
    const massCancelId = ctx.newId('massCancel');
    const filter = filterOf(input, ctx);
    return accept({
      events: [massCancelStarted.of({ massCancelId, ...filter, expectedCount, startedAt: ctx.now })],
      response: {
        massCancelId,
        status: 'RUNNING',
        expectedCount,
        createdBefore: filter.createdBefore,
        version: 1,
      },
    });
  },
});

import { codeShape, type Id, idShape, limits, quantityShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse, type StateReader } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { availableToPromise, channelLocation, inventoryLevel, salesChannel } from '../../inventory/index.ts';
import { reservationCreated } from '../events.ts';

const line = v.strictObject({
  variantId: idShape('variant'),
  locationId: idShape('location'),
  quantity: quantityShape,
});
type Line = v.InferOutput<typeof line>;

export const create = defineCommand({
  type: 'reservation.create',
  version: 1,
  summary: 'Holds stock for a while: every line or none. Never promises more than is available.',
  risk: 'R1',
  scope: 'inventory.reservation:create',
  environment: 'caller',
  input: v.strictObject({
    salesChannelId: v.optional(idShape('salesChannel')),
    reference: v.optional(codeShape),
    holdSeconds: v.optional(
      v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(Number.MAX_SAFE_INTEGER)),
      limits.reservationHoldDefaultSeconds,
    ),
    lines: v.pipe(v.array(line), v.minLength(1), v.maxLength(limits.reservationLines)),
  }),
  output: v.strictObject({
    reservationId: idShape('reservation'),
    status: v.literal('ACTIVE'),
    expiresAt: timestampShape,
    version: v.number(),
  }),
  refusals: [
    'hold_out_of_range',
    'sales_channel_not_found',
    'inventory_level_not_found',
    'location_not_in_channel',
    'stock_insufficient',
  ],
  load: ({ lines, salesChannelId }) => [
    ...lines.map(({ variantId, locationId }) => rowsWhere(inventoryLevel, { variantId, locationId })),
    ...(salesChannelId
      ? [rowsWhere(salesChannel, { id: salesChannelId }), rowsWhere(channelLocation, { salesChannelId })]
      : []),
  ],
  decide: (state, { lines, salesChannelId = null, reference = null, holdSeconds }, ctx) => {
    const { reservationHoldMinSeconds: min, reservationHoldMaxSeconds: max } = limits;
    if (holdSeconds < min || holdSeconds > max) return refuse('hold_out_of_range', { holdSeconds, min, max });
    if (salesChannelId && !state.get(salesChannel, { id: salesChannelId })) {
      return refuse('sales_channel_not_found', { salesChannelId });
    }
    const problem = firstProblem(state, { lines, salesChannelId });
    if (problem) return problem;
    const reservationId = ctx.newId('reservation');
    const expiresAt = new Date(Date.parse(ctx.now) + holdSeconds * 1000).toISOString();
    return accept({
      events: [reservationCreated.of({ reservationId, salesChannelId, reference, expiresAt, lines })],
      response: { reservationId, status: 'ACTIVE', expiresAt, version: 1 },
    });
  },
});

/** Why the lines cannot be held together. Lines on the same level count together, in the order in which they stand. */
function firstProblem(
  state: StateReader,
  request: { lines: readonly Line[]; salesChannelId: Id<'salesChannel'> | null },
) {
  const { lines, salesChannelId } = request;
  const taken = new Map<string, number>();
  for (const [index, { variantId, locationId, quantity }] of lines.entries()) {
    const detail = { line: index + 1, variantId, locationId };
    const level = state.get(inventoryLevel, { variantId, locationId });
    if (!level) return refuse('inventory_level_not_found', detail);
    const served = salesChannelId ? state.get(channelLocation, { salesChannelId, locationId }) : null;
    if (served === undefined) return refuse('location_not_in_channel', { ...detail, salesChannelId });
    const key = `${variantId}:${locationId}`;
    const before = taken.get(key) ?? 0;
    const available = availableToPromise(level) - (served?.bufferQuantity ?? 0) - before;
    if (quantity > available)
      return refuse('stock_insufficient', { ...detail, quantity, available: Math.max(0, available) });
    taken.set(key, before + quantity);
  }
  return null;
}

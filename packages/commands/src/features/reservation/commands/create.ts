import { codeShape, type Id, idShape, limits, quantityShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse, type StateReader } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import {
  availableThrough,
  availableToPromise,
  channelLocation,
  channelOversellLimit,
  type InventoryLevel,
  inventoryLevel,
  latestOf,
  oversellRevision,
  salesChannel,
} from '../../inventory/index.ts';
import { reservationCreated } from '../events.ts';

const line = v.strictObject({
  locationId: idShape('location'),
  quantity: quantityShape,
  variantId: idShape('variant'),
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
    holdSeconds: v.optional(
      v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(Number.MAX_SAFE_INTEGER)),
      limits.reservationHoldDefaultSeconds,
    ),
    lines: v.pipe(v.array(line), v.minLength(1), v.maxLength(limits.reservationLines)),
    reference: v.optional(codeShape),
    salesChannelId: v.optional(idShape('salesChannel')),
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
      ? [
          rowsWhere(salesChannel, { id: salesChannelId }),
          rowsWhere(channelLocation, { salesChannelId }),
          rowsWhere(oversellRevision, { scopeKey: salesChannelId }),
        ]
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
      events: [reservationCreated.of({ expiresAt, lines, reference, reservationId, salesChannelId })],
      response: { expiresAt, reservationId, status: 'ACTIVE', version: 1 },
    });
  },
});

/** Why the lines cannot be held together. Lines on the same level count together, in the order in which they stand. */
function firstProblem(
  state: StateReader,
  request: { lines: readonly Line[]; salesChannelId: Id<'salesChannel'> | null },
) {
  const { salesChannelId } = request;
  const lines = request.lines.map(({ variantId, locationId, quantity }, index) => ({
    detail: { line: index + 1, variantId, locationId },
    quantity,
    level: state.get(inventoryLevel, { variantId, locationId }),
    served: salesChannelId ? state.get(channelLocation, { salesChannelId, locationId }) : null,
  }));
  const unknown = lines.find(({ level }) => !level);
  if (unknown) return refuse('inventory_level_not_found', unknown.detail);
  const unserved = lines.find(({ served }) => served === undefined);
  if (unserved) return refuse('location_not_in_channel', { ...unserved.detail, salesChannelId });
  const rule = salesChannelId ? latestOf(state.list(oversellRevision, { scopeKey: salesChannelId })) : undefined;
  const oversellLimit = channelOversellLimit(rule);
  const taken = new Map<InventoryLevel, number>();
  for (const { detail, quantity, level, served } of lines) {
    if (!level) continue;
    const before = taken.get(level) ?? 0;
    const promised = served
      ? availableThrough(level, { bufferQuantity: served.bufferQuantity, oversellLimit })
      : availableToPromise(level);
    const available = promised - before;
    if (quantity > available) {
      return refuse('stock_insufficient', { ...detail, quantity, available: Math.max(0, available) });
    }
    taken.set(level, before + quantity);
  }
  return null;
}

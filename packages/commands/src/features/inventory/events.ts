import { defineEvent, type EntityKey } from '@karmanflow/events';
import {
  amountShape,
  codeShape,
  deltaShape,
  type Id,
  idShape,
  nameShape,
  quantityShape,
  reasonShape,
} from '@karmanflow/schema';
import * as v from 'valibot';

export const variantRegistered = defineEvent({
  type: 'inventory.variant.registered',
  version: 1,
  data: v.strictObject({ variantId: idShape('variant'), sku: codeShape, name: nameShape }),
  touches: (data) => [{ entity: 'variant', key: { id: data.variantId } }],
});
export type VariantRegistered = v.InferOutput<typeof variantRegistered.data>;

export const locationRegistered = defineEvent({
  type: 'inventory.location.registered',
  version: 1,
  data: v.strictObject({ locationId: idShape('location'), code: codeShape, name: nameShape }),
  touches: (data) => [{ entity: 'location', key: { id: data.locationId } }],
});
export type LocationRegistered = v.InferOutput<typeof locationRegistered.data>;

export const channelRegistered = defineEvent({
  type: 'inventory.channel.registered',
  version: 1,
  data: v.strictObject({
    salesChannelId: idShape('salesChannel'),
    code: codeShape,
    name: nameShape,
    locations: v.array(v.strictObject({ locationId: idShape('location'), bufferQuantity: amountShape })),
  }),
  touches: (data) => [
    { entity: 'sales_channel', key: { id: data.salesChannelId } },
    ...data.locations.map(({ locationId }) => ({
      entity: 'channel_location',
      key: { salesChannelId: data.salesChannelId, locationId },
    })),
  ],
});
export type ChannelRegistered = v.InferOutput<typeof channelRegistered.data>;

const levelKey = { variantId: idShape('variant'), locationId: idShape('location') };

export const onHandAdjusted = defineEvent({
  type: 'inventory.level.adjusted',
  version: 1,
  data: v.strictObject({ ...levelKey, delta: deltaShape, reason: reasonShape }),
  touches: ({ variantId, locationId }, eventId) => [
    { entity: 'inventory_level', key: { variantId, locationId } },
    { entity: 'stock_movement', key: { eventId, movementNumber: 0 } },
  ],
});
export type OnHandAdjusted = v.InferOutput<typeof onHandAdjusted.data>;

export const safetyStockSet = defineEvent({
  type: 'inventory.level.safety_stock_set',
  version: 1,
  data: v.strictObject({ ...levelKey, safetyStock: amountShape }),
  touches: ({ variantId, locationId }) => [{ entity: 'inventory_level', key: { variantId, locationId } }],
});
export type SafetyStockSet = v.InferOutput<typeof safetyStockSet.data>;

/** Lines of stock that a reservation takes or gives back. */
export const stockLines = v.array(v.strictObject({ ...levelKey, quantity: quantityShape }));
export type StockLines = v.InferOutput<typeof stockLines>;
export interface StockReserved {
  readonly lines: StockLines;
}
export type StockReleased = StockReserved;

/** The levels and movements that lines of stock touch: each level once, in key order, and one movement for each line. */
export function touchedStock(lines: StockLines, eventId: string): EntityKey[] {
  const levels = new Map<string, { variantId: Id<'variant'>; locationId: Id<'location'> }>();
  for (const { variantId, locationId } of lines) levels.set(`${variantId}:${locationId}`, { variantId, locationId });
  return [
    ...[...levels.values()].map((key) => ({ entity: 'inventory_level', key })),
    ...lines.map((_line, movementNumber) => ({ entity: 'stock_movement', key: { eventId, movementNumber } })),
  ];
}

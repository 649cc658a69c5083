import type { Id } from '@karmanflow/schema';
import { defineEntity, type PastEvent } from '../../definition/entity.ts';
import type {
  ChannelRegistered,
  LocationRegistered,
  OnHandAdjusted,
  SafetyStockSet,
  StockReleased,
  StockReserved,
  VariantRegistered,
} from './events.ts';
import { emptyLevel, type InventoryLevel, withShortfall } from './level.ts';
import type { OversellLimitSet } from './oversell/events.ts';
import { afterMoves, type StockMoved } from './stock-moves.ts';

export interface VariantState {
  readonly id: Id<'variant'>;
  readonly sku: string;
  readonly name: string;
}

/** Master data is only ever registered so far, so nothing needs a lock on it. */
export const variant = defineEntity<VariantState>({
  name: 'variant',
  table: 'variants',
  locked: false,
  key: ['id'],
  fields: { id: { column: 'id', id: 'variant' }, sku: { column: 'sku' }, name: { column: 'name' } },
  evolve: {
    'inventory.variant.registered': (_state, { data }: PastEvent<VariantRegistered>) => ({
      id: data.variantId,
      sku: data.sku,
      name: data.name,
    }),
  },
});

export interface LocationState {
  readonly id: Id<'location'>;
  readonly code: string;
  readonly name: string;
}

export const location = defineEntity<LocationState>({
  name: 'location',
  table: 'locations',
  locked: false,
  key: ['id'],
  fields: { id: { column: 'id', id: 'location' }, code: { column: 'code' }, name: { column: 'name' } },
  evolve: {
    'inventory.location.registered': (_state, { data }: PastEvent<LocationRegistered>) => ({
      id: data.locationId,
      code: data.code,
      name: data.name,
    }),
  },
});

export interface SalesChannelState {
  readonly id: Id<'salesChannel'>;
  readonly code: string;
  readonly name: string;
}

export const salesChannel = defineEntity<SalesChannelState>({
  name: 'sales_channel',
  table: 'sales_channels',
  locked: false,
  key: ['id'],
  fields: { id: { column: 'id', id: 'salesChannel' }, code: { column: 'code' }, name: { column: 'name' } },
  evolve: {
    'inventory.channel.registered': (_state, { data }: PastEvent<ChannelRegistered>) => ({
      id: data.salesChannelId,
      code: data.code,
      name: data.name,
    }),
  },
});

export interface ChannelLocationState {
  readonly salesChannelId: Id<'salesChannel'>;
  readonly locationId: Id<'location'>;
  /** Units of each variant at this location that the channel never sells. */
  readonly bufferQuantity: number;
}

export const channelLocation = defineEntity<ChannelLocationState>({
  name: 'channel_location',
  table: 'channel_locations',
  locked: false,
  key: ['salesChannelId', 'locationId'],
  fields: {
    salesChannelId: { column: 'sales_channel_id', id: 'salesChannel' },
    locationId: { column: 'location_id', id: 'location' },
    bufferQuantity: { column: 'buffer_quantity' },
  },
  evolve: {
    'inventory.channel.registered': (_state, { data }: PastEvent<ChannelRegistered>, key) => ({
      salesChannelId: data.salesChannelId,
      locationId: key['locationId'] as Id<'location'>,
      bufferQuantity: data.locations.find((one) => one.locationId === key['locationId'])?.bufferQuantity ?? 0,
    }),
  },
});

/** The lines of a stock event that concern one level; a reservation may name the same level twice. */
function quantityAt(lines: StockReserved['lines'], level: { variantId: unknown; locationId: unknown }): number {
  return lines
    .filter((line) => line.variantId === level.variantId && line.locationId === level.locationId)
    .reduce((sum, line) => sum + line.quantity, 0);
}

function existing(state: InventoryLevel | undefined): InventoryLevel {
  if (!state) throw new Error('stock moved at a level that does not exist');
  return state;
}

export const inventoryLevel = defineEntity<InventoryLevel>({
  name: 'inventory_level',
  table: 'inventory_levels',
  locked: true,
  key: ['variantId', 'locationId'],
  fields: {
    variantId: { column: 'variant_id', id: 'variant' },
    locationId: { column: 'location_id', id: 'location' },
    onHand: { column: 'on_hand' },
    reserved: { column: 'reserved' },
    allocated: { column: 'allocated' },
    damaged: { column: 'damaged' },
    qualityControl: { column: 'quality_control' },
    incoming: { column: 'incoming' },
    safetyStock: { column: 'safety_stock' },
    oversellLimit: { column: 'oversell_limit' },
    shortfall: { column: 'shortfall' },
  },
  evolve: {
    'inventory.level.adjusted': (state, { data }: PastEvent<OnHandAdjusted>) => {
      const level = state ?? emptyLevel(data);
      return withShortfall({ ...level, onHand: level.onHand + data.delta });
    },
    'inventory.level.safety_stock_set': (state, { data }: PastEvent<SafetyStockSet>) =>
      withShortfall({ ...existing(state), safetyStock: data.safetyStock }),
    'inventory.level.oversell_limit_set': (state, { data }: PastEvent<OversellLimitSet>) => {
      const level = existing(state);
      return withShortfall({ ...level, oversellLimit: limitAt(data.levels, level) });
    },
    // Reserving never writes shortfall: a reservation that does not fit breaks the table's own check instead.
    'inventory.reservation.created': (state, { data }: PastEvent<StockReserved>) => {
      const level = existing(state);
      return { ...level, reserved: level.reserved + quantityAt(data.lines, level) };
    },
    'inventory.reservation.expired': (state, { data }: PastEvent<StockReleased>) => released(state, data),
    'inventory.reservation.cancelled': (state, { data }: PastEvent<StockReleased>) => released(state, data),
    'inventory.allocation.created': (state, { data }: PastEvent<StockMoved>) => afterMoves(existing(state), data.moves),
    'inventory.allocation.overridden': (state, { data }: PastEvent<StockMoved>) =>
      afterMoves(existing(state), data.moves),
    'inventory.allocation.released': (state, { data }: PastEvent<StockMoved>) =>
      afterMoves(existing(state), data.moves),
  },
});

function limitAt(levels: OversellLimitSet['levels'], { variantId, locationId }: InventoryLevel): number {
  const found = levels.find((one) => one.variantId === variantId && one.locationId === locationId);
  if (!found) throw new Error('a level has another oversell limit, and the event does not say which');
  return found.oversellLimit;
}

function released(state: InventoryLevel | undefined, data: StockReleased): InventoryLevel {
  const level = existing(state);
  return withShortfall({ ...level, reserved: level.reserved - quantityAt(data.lines, level) });
}

export const stockStates = [
  'EXTERNAL',
  'AVAILABLE',
  'RESERVED',
  'ALLOCATED',
  'DAMAGED',
  'QUALITY_CONTROL',
  'INCOMING',
] as const;
export type StockState = (typeof stockStates)[number];

/** One side-to-side move of units, double entry: what leaves one state enters another. */
export interface StockMovementState {
  readonly eventId: Id<'event'>;
  readonly movementNumber: number;
  readonly variantId: Id<'variant'>;
  readonly locationId: Id<'location'>;
  readonly fromState: StockState;
  readonly toState: StockState;
  readonly quantity: number;
  readonly reason: string | null;
  readonly occurredAt: string;
}

function moved(
  event: PastEvent,
  key: Readonly<Record<string, string | number>>,
  move: Omit<StockMovementState, 'eventId' | 'movementNumber' | 'occurredAt'>,
): StockMovementState {
  return {
    eventId: event.eventId,
    movementNumber: Number(key['movementNumber']),
    ...move,
    occurredAt: event.occurredAt,
  };
}

function lineMoved(
  event: PastEvent<StockReserved>,
  key: Readonly<Record<string, string | number>>,
  way: { fromState: StockState; toState: StockState },
): StockMovementState {
  const line = event.data.lines[Number(key['movementNumber'])];
  if (!line) throw new Error('a movement without its line');
  const { variantId, locationId, quantity } = line;
  return moved(event, key, { variantId, locationId, quantity, reason: null, ...way });
}

function promiseMoved(
  _state: StockMovementState | undefined,
  event: PastEvent<StockMoved>,
  key: Readonly<Record<string, string | number>>,
): StockMovementState {
  const move = event.data.moves[Number(key['movementNumber'])];
  if (!move) throw new Error('a movement that the event does not have');
  return moved(event, key, { ...move, reason: null });
}

export const stockMovement = defineEntity<StockMovementState>({
  name: 'stock_movement',
  table: 'stock_movements',
  locked: false,
  key: ['eventId', 'movementNumber'],
  fields: {
    eventId: { column: 'event_id', id: 'event' },
    movementNumber: { column: 'movement_number' },
    variantId: { column: 'variant_id', id: 'variant' },
    locationId: { column: 'location_id', id: 'location' },
    fromState: { column: 'from_state' },
    toState: { column: 'to_state' },
    quantity: { column: 'quantity' },
    reason: { column: 'reason' },
    occurredAt: { column: 'occurred_at' },
  },
  evolve: {
    'inventory.level.adjusted': (_state, event: PastEvent<OnHandAdjusted>, key) => {
      const { variantId, locationId, delta, reason } = event.data;
      const way =
        delta > 0
          ? { fromState: 'EXTERNAL' as const, toState: 'AVAILABLE' as const }
          : { fromState: 'AVAILABLE' as const, toState: 'EXTERNAL' as const };
      return moved(event, key, { variantId, locationId, quantity: Math.abs(delta), reason, ...way });
    },
    'inventory.reservation.created': (_state, event: PastEvent<StockReserved>, key) =>
      lineMoved(event, key, { fromState: 'AVAILABLE', toState: 'RESERVED' }),
    'inventory.reservation.expired': (_state, event: PastEvent<StockReleased>, key) =>
      lineMoved(event, key, { fromState: 'RESERVED', toState: 'AVAILABLE' }),
    'inventory.reservation.cancelled': (_state, event: PastEvent<StockReleased>, key) =>
      lineMoved(event, key, { fromState: 'RESERVED', toState: 'AVAILABLE' }),
    'inventory.allocation.created': promiseMoved,
    'inventory.allocation.overridden': promiseMoved,
    'inventory.allocation.released': promiseMoved,
  },
});

import type { Id } from '@karmanflow/schema';

/** Units of a variant at a location, by state. */
export interface InventoryLevel {
  readonly variantId: Id<'variant'>;
  readonly locationId: Id<'location'>;
  readonly onHand: number;
  /** Held by reservations that are ACTIVE, or COMMITTED and not yet allocated. */
  readonly reserved: number;
  readonly allocated: number;
  readonly damaged: number;
  readonly qualityControl: number;
  readonly incoming: number;
  readonly safetyStock: number;
  /** How far the policy lets promises exceed what is there; 0 under STRICT. */
  readonly oversellLimit: number;
  /** What a stock count or a higher safety stock left uncovered: promises made that can no longer all be kept. */
  readonly shortfall: number;
}

export function emptyLevel(key: { variantId: Id<'variant'>; locationId: Id<'location'> }): InventoryLevel {
  return {
    variantId: key.variantId,
    locationId: key.locationId,
    onHand: 0,
    reserved: 0,
    allocated: 0,
    damaged: 0,
    qualityControl: 0,
    incoming: 0,
    safetyStock: 0,
    oversellLimit: 0,
    shortfall: 0,
  };
}

/** What may still be promised. Negative when more is promised than is there, and then nothing more is. */
export function availableToPromise(level: InventoryLevel): number {
  const { onHand, reserved, allocated, damaged, qualityControl, safetyStock, oversellLimit } = level;
  return onHand - reserved - allocated - damaged - qualityControl - safetyStock + oversellLimit;
}

/** How a sales channel sells from a level: less than is there, and no further beyond it than it may. */
export interface ChannelTerms {
  readonly bufferQuantity: number;
  readonly oversellLimit: number;
}

/** What may still be promised through a channel: it leaves its buffer alone, and narrows the level's oversell limit. */
export function availableThrough(level: InventoryLevel, terms: ChannelTerms): number {
  const beyond = Math.max(0, level.oversellLimit - terms.oversellLimit);
  return availableToPromise(level) - beyond - terms.bufferQuantity;
}

/** Records what is uncovered. For changes that state a physical truth or free stock, never for new promises. */
export function withShortfall(level: InventoryLevel): InventoryLevel {
  return { ...level, shortfall: Math.max(0, -availableToPromise(level)) };
}

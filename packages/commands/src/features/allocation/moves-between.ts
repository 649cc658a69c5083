import type { StockMove, StockMoves } from '../inventory/index.ts';

/** Units of a variant at a location. */
export type PlacedUnits = Pick<StockMove, 'variantId' | 'locationId' | 'quantity'>;

/**
 * The moves by which units that are held in one state become allocated elsewhere, summed up for each level: what stays
 * changes its state in place, what goes comes free, and what comes is taken from what is available there.
 */
export function movesBetween(
  heldIn: 'RESERVED' | 'ALLOCATED',
  units: { readonly held: readonly PlacedUnits[]; readonly placed: readonly PlacedUnits[] },
): StockMoves {
  const levels = new Map<string, { at: PlacedUnits; held: number; placed: number }>();
  for (const side of ['held', 'placed'] as const) {
    for (const at of units[side]) {
      const name = `${at.variantId}:${at.locationId}`;
      const level = levels.get(name) ?? { at, held: 0, placed: 0 };
      levels.set(name, level);
      level[side] += at.quantity;
    }
  }
  return [...levels.values()].flatMap(({ at: { variantId, locationId }, held, placed }) => {
    const key = { variantId, locationId };
    const stays = Math.min(held, placed);
    const moves: StockMove[] = [
      { ...key, fromState: heldIn, toState: 'AVAILABLE', quantity: held - stays },
      { ...key, fromState: heldIn, toState: 'ALLOCATED', quantity: heldIn === 'ALLOCATED' ? 0 : stays },
      { ...key, fromState: 'AVAILABLE', toState: 'ALLOCATED', quantity: placed - stays },
    ];
    return moves.filter(({ quantity }) => quantity > 0);
  });
}

import type { EntityKey } from '@karmanflow/events';
import { type Id, idShape, quantityShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { type InventoryLevel, withShortfall } from './level.ts';

/** States between which a promise moves: what is neither reserved nor allocated is available to others. */
export const promiseStates = ['AVAILABLE', 'RESERVED', 'ALLOCATED'] as const;
export type PromiseState = (typeof promiseStates)[number];

/** Moves of units between the promises of one or several levels, each double entry. */
export const stockMoves = v.array(
  v.strictObject({
    variantId: idShape('variant'),
    locationId: idShape('location'),
    fromState: v.picklist(promiseStates),
    toState: v.picklist(promiseStates),
    quantity: quantityShape,
  }),
);
export type StockMoves = v.InferOutput<typeof stockMoves>;
export type StockMove = StockMoves[number];
/** What every event carries that moves promises. */
export interface StockMoved {
  readonly moves: StockMoves;
}

/** The levels and movements that moves touch: each level once, and one movement for each move. */
export function touchedByMoves(moves: StockMoves, eventId: string): EntityKey[] {
  const levels = new Map<string, { variantId: Id<'variant'>; locationId: Id<'location'> }>();
  for (const { variantId, locationId } of moves) levels.set(`${variantId}:${locationId}`, { variantId, locationId });
  return [
    ...[...levels.values()].map((key) => ({ entity: 'inventory_level', key })),
    ...moves.map((_move, movementNumber) => ({ entity: 'stock_movement', key: { eventId, movementNumber } })),
  ];
}

/**
 * The level after the moves that concern it. Shortfall shrinks where units come free, and is never written where more is
 * promised: a promise that does not fit breaks the table's own check instead.
 */
export function afterMoves(level: InventoryLevel, moves: StockMoves): InventoryLevel {
  let { reserved, allocated } = level;
  for (const { variantId, locationId, fromState, toState, quantity } of moves) {
    if (variantId !== level.variantId || locationId !== level.locationId) continue;
    reserved += signOf('RESERVED', { fromState, toState }) * quantity;
    allocated += signOf('ALLOCATED', { fromState, toState }) * quantity;
  }
  const after = { ...level, reserved, allocated };
  return reserved + allocated > level.reserved + level.allocated ? after : withShortfall(after);
}

function signOf(state: PromiseState, way: { fromState: PromiseState; toState: PromiseState }): number {
  return Number(way.toState === state) - Number(way.fromState === state);
}

import { type Id, limits } from '@karmanflow/schema';
import type { InventoryLevel } from '../level.ts';

/** STRICT: nothing. LIMIT: a tolerated error. BACKORDER: meant to be fulfilled later. INHERIT: the next scope decides. */
export const oversellModes = ['STRICT', 'LIMIT', 'BACKORDER', 'INHERIT'] as const;
export type OversellMode = (typeof oversellModes)[number];

export const oversellScopes = ['VARIANT_LOCATION', 'VARIANT', 'LOCATION', 'SALES_CHANNEL'] as const;
export type OversellScope = (typeof oversellScopes)[number];

/** What a policy is for. */
export interface OversellSubject {
  readonly variantId: Id<'variant'> | null;
  readonly locationId: Id<'location'> | null;
  readonly salesChannelId: Id<'salesChannel'> | null;
}

/** What a policy allows: a mode with a number of units, which is 0 unless the mode has a bound. */
export interface OversellRule {
  readonly mode: OversellMode;
  readonly quantity: number;
}

export interface OversellRevision extends OversellRule {
  readonly scopeKey: string;
  readonly revision: number;
}

/** The scope that ids name together; null when they name none: a channel stands alone, and nothing names nothing. */
export function scopeOf({ variantId, locationId, salesChannelId }: OversellSubject): OversellScope | null {
  if (salesChannelId !== null) return variantId === null && locationId === null ? 'SALES_CHANNEL' : null;
  if (variantId !== null) return locationId === null ? 'VARIANT' : 'VARIANT_LOCATION';
  return locationId === null ? null : 'LOCATION';
}

/** The text under which a scope is known: its ids joined by `:`. */
export function scopeKeyOf({ variantId, locationId, salesChannelId }: OversellSubject): string {
  return [variantId, locationId, salesChannelId].filter((id) => id !== null).join(':');
}

/** The scopes that may decide about a level, the one that decides first in front. */
export function precedenceOf(level: Pick<InventoryLevel, 'variantId' | 'locationId'>): string[] {
  const { variantId, locationId } = level;
  return [`${variantId}:${locationId}`, variantId, locationId];
}

export function latestOf(revisions: readonly OversellRevision[]): OversellRevision | undefined {
  let latest: OversellRevision | undefined;
  for (const one of revisions) if (!latest || one.revision > latest.revision) latest = one;
  return latest;
}

/** How far a level may be oversold, and which scope says so; null: none does, which is STRICT. */
export interface EffectiveOversell extends OversellRule {
  readonly decidedBy: string | null;
}

/** The policy of a level out of the latest rules by scope. */
export function effectiveOversell(
  level: Pick<InventoryLevel, 'variantId' | 'locationId'>,
  ruleOf: (scopeKey: string) => OversellRule | undefined,
): EffectiveOversell {
  for (const scopeKey of precedenceOf(level)) {
    const rule = ruleOf(scopeKey);
    if (rule && rule.mode !== 'INHERIT') return { mode: rule.mode, quantity: rule.quantity, decidedBy: scopeKey };
  }
  return { mode: 'STRICT', quantity: 0, decidedBy: null };
}

/** How far a sales channel may use the oversell limit of a level: a channel only ever narrows. */
export function channelOversellLimit(rule: OversellRule | undefined): number {
  return rule === undefined || rule.mode === 'INHERIT' ? limits.quantityUnits : rule.quantity;
}

/** Whether a quantity fits its mode: a bound where there is one, and nothing elsewhere. */
export function isBoundOf({ mode, quantity }: OversellRule): boolean {
  return mode === 'LIMIT' || mode === 'BACKORDER' ? quantity > 0 : quantity === 0;
}

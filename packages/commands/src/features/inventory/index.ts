import { defineFeature, type FeatureDefinition } from '../../definition/registry.ts';
import { allocation } from './allocations/entities.ts';
import { allocationCreated, allocationOverridden, allocationReleased } from './allocations/events.ts';
import { adjust } from './commands/adjust.ts';
import { applyOversellPolicy } from './commands/apply-oversell-policy.ts';
import { clearOversellPolicy } from './commands/clear-oversell-policy.ts';
import { registerChannel } from './commands/register-channel.ts';
import { registerLocation } from './commands/register-location.ts';
import { registerVariant } from './commands/register-variant.ts';
import { setOversellPolicy } from './commands/set-oversell-policy.ts';
import { setSafetyStock } from './commands/set-safety-stock.ts';
import { channelLocation, inventoryLevel, location, salesChannel, stockMovement, variant } from './entities.ts';
import { channelRegistered, locationRegistered, onHandAdjusted, safetyStockSet, variantRegistered } from './events.ts';
import { oversellApplication, oversellPolicy, oversellRevision } from './oversell/entities.ts';
import { oversellLimitSet, oversellPolicyApplied, oversellPolicySet } from './oversell/events.ts';
import { availability } from './queries/availability.ts';
import { lookUpCatalogue } from './queries/catalogue.ts';
import { listLevels } from './queries/levels.ts';
import { listMovements } from './queries/movements.ts';
import { listOversellPolicies } from './queries/oversell-policies.ts';

export { adjust, registerChannel, registerLocation, registerVariant, setSafetyStock };
export { channelLocation, inventoryLevel, location, salesChannel, stockMovement, variant };
export { channelRegistered, locationRegistered, onHandAdjusted, safetyStockSet, variantRegistered };
export { applyOversellPolicy, clearOversellPolicy, setOversellPolicy };
export { allocation, allocationCreated, allocationOverridden, allocationReleased };
export { type AllocationState, type AllocationStatus, allocationStatuses } from './allocations/entities.ts';
export { type AllocationStrategy, allocationStrategies } from './allocations/events.ts';
export { oversellApplication, oversellPolicy, oversellRevision };
export { oversellLimitSet, oversellPolicyApplied, oversellPolicySet };
export { type StockLines, stockLines, touchedStock } from './events.ts';
export { availableThrough, availableToPromise, type ChannelTerms, emptyLevel, type InventoryLevel } from './level.ts';
export { channelOversellLimit, effectiveOversell, latestOf } from './oversell/oversell-policy.ts';
export {
  type LevelToChange,
  readLevelsToChange,
  readRunningApplications,
  type RunningApplication,
} from './queries/oversell-applications.ts';
export { type StockMove, type StockMoves, stockMoves, touchedByMoves } from './stock-moves.ts';
export {
  type CatalogueIds,
  type CatalogueLookUp,
  type CatalogueNames,
  lookUpCatalogueNames,
  resolveCatalogue,
} from './queries/catalogue.ts';

/** What there is, where it is, and how much of it may be promised. */
export const inventory: FeatureDefinition = defineFeature({
  name: 'inventory',
  commands: [
    registerVariant,
    registerLocation,
    registerChannel,
    adjust,
    setSafetyStock,
    setOversellPolicy,
    clearOversellPolicy,
    applyOversellPolicy,
  ],
  queries: [listLevels, availability, listMovements, lookUpCatalogue, listOversellPolicies],
  events: [
    variantRegistered,
    locationRegistered,
    channelRegistered,
    onHandAdjusted,
    safetyStockSet,
    oversellPolicySet,
    oversellLimitSet,
    oversellPolicyApplied,
    allocationCreated,
    allocationOverridden,
    allocationReleased,
  ],
  entities: [
    variant,
    location,
    salesChannel,
    channelLocation,
    oversellPolicy,
    oversellApplication,
    oversellRevision,
    allocation,
    inventoryLevel,
    stockMovement,
  ],
  agentSurface: {
    summary: 'Look up and adjust stock, see what each channel may still promise, and how far it may be oversold.',
  },
});

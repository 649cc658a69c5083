import { defineFeature, type FeatureDefinition } from '../../definition/registry.ts';
import { adjust } from './commands/adjust.ts';
import { registerChannel } from './commands/register-channel.ts';
import { registerLocation } from './commands/register-location.ts';
import { registerVariant } from './commands/register-variant.ts';
import { setSafetyStock } from './commands/set-safety-stock.ts';
import { channelLocation, inventoryLevel, location, salesChannel, stockMovement, variant } from './entities.ts';
import { channelRegistered, locationRegistered, onHandAdjusted, safetyStockSet, variantRegistered } from './events.ts';
import { availability } from './queries/availability.ts';
import { lookUpCatalogue } from './queries/catalogue.ts';
import { listLevels } from './queries/levels.ts';
import { listMovements } from './queries/movements.ts';

export { adjust, registerChannel, registerLocation, registerVariant, setSafetyStock };
export { channelLocation, inventoryLevel, location, salesChannel, stockMovement, variant };
export { channelRegistered, locationRegistered, onHandAdjusted, safetyStockSet, variantRegistered };
export { type StockLines, stockLines, touchedStock } from './events.ts';
export { availableToPromise, emptyLevel, type InventoryLevel } from './level.ts';
export { type CatalogueIds, type CatalogueNames, resolveCatalogue } from './queries/catalogue.ts';

/** What there is, where it is, and how much of it may be promised. */
export const inventory: FeatureDefinition = defineFeature({
  name: 'inventory',
  commands: [registerVariant, registerLocation, registerChannel, adjust, setSafetyStock],
  queries: [listLevels, availability, listMovements, lookUpCatalogue],
  events: [variantRegistered, locationRegistered, channelRegistered, onHandAdjusted, safetyStockSet],
  entities: [variant, location, salesChannel, channelLocation, inventoryLevel, stockMovement],
  agentSurface: { summary: 'Look up and adjust stock, and see what each channel may still promise.' },
});

import { amountShape, idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { inventoryLevel } from '../entities.ts';
import { safetyStockSet } from '../events.ts';
import { availableToPromise, withShortfall } from '../level.ts';

const key = { variantId: idShape('variant'), locationId: idShape('location') };

export const setSafetyStock = defineCommand({
  type: 'inventory.set_safety_stock',
  version: 1,
  summary: 'Sets the units that are kept back from every promise.',
  risk: 'R1',
  scope: 'inventory.level:set_safety_stock',
  environment: 'caller',
  input: v.strictObject({ ...key, safetyStock: amountShape }),
  output: v.strictObject({
    ...key,
    safetyStock: v.number(),
    availableToPromise: v.number(),
    shortfall: v.number(),
    version: v.number(),
  }),
  refusals: ['inventory_level_not_found'],
  load: ({ variantId, locationId }) => [rowsWhere(inventoryLevel, { variantId, locationId })],
  versioned: ({ variantId, locationId }) => rowsWhere(inventoryLevel, { variantId, locationId }),
  decide: (state, { variantId, locationId, safetyStock }) => {
    const level = state.get(inventoryLevel, { variantId, locationId });
    if (!level) return refuse('inventory_level_not_found', { variantId, locationId });
    const after = withShortfall({ ...level, safetyStock });
    return accept({
      events: [safetyStockSet.of({ variantId, locationId, safetyStock })],
      response: {
        variantId,
        locationId,
        safetyStock,
        availableToPromise: availableToPromise(after),
        shortfall: after.shortfall,
        version: state.versionOf(inventoryLevel, { variantId, locationId }) + 1,
      },
    });
  },
});

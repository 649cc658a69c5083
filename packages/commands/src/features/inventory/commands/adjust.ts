import { deltaShape, idShape, limits, reasonShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { inventoryLevel, location, variant } from '../entities.ts';
import { onHandAdjusted } from '../events.ts';
import { availableToPromise, emptyLevel, withShortfall } from '../level.ts';
import { oversellRevision } from '../oversell/entities.ts';
import { oversellLimitSet } from '../oversell/events.ts';
import { effectiveOversell, latestOf, precedenceOf } from '../oversell/oversell-policy.ts';

const key = { variantId: idShape('variant'), locationId: idShape('location') };

export const adjust = defineCommand({
  type: 'inventory.adjust',
  version: 1,
  summary: 'Changes on hand by a signed number of units, for a stated reason. The first adjustment opens the level.',
  risk: 'R1',
  scope: 'inventory.level:adjust',
  environment: 'caller',
  input: v.strictObject({ ...key, delta: deltaShape, reason: reasonShape }),
  output: v.strictObject({
    ...key,
    onHand: v.number(),
    availableToPromise: v.number(),
    shortfall: v.number(),
    version: v.number(),
  }),
  refusals: ['variant_not_found', 'location_not_found', 'on_hand_insufficient', 'quantity_out_of_range'],
  load: ({ variantId, locationId }) => [
    rowsWhere(inventoryLevel, { variantId, locationId }),
    rowsWhere(variant, { id: variantId }),
    rowsWhere(location, { id: locationId }),
    ...precedenceOf({ variantId, locationId }).map((scopeKey) => rowsWhere(oversellRevision, { scopeKey })),
  ],
  amount: ({ delta }) => Math.abs(delta),
  versioned: ({ variantId, locationId }) => rowsWhere(inventoryLevel, { variantId, locationId }),
  decide: (state, { variantId, locationId, delta, reason }) => {
    if (!state.get(variant, { id: variantId })) return refuse('variant_not_found', { variantId });
    if (!state.get(location, { id: locationId })) return refuse('location_not_found', { locationId });
    const known = state.get(inventoryLevel, { variantId, locationId });
    const before = known ?? emptyLevel({ variantId, locationId });
    const onHand = before.onHand + delta;
    if (onHand < 0) return refuse('on_hand_insufficient', { onHand: before.onHand, delta });
    if (onHand > limits.quantityUnits) return refuse('quantity_out_of_range', { onHand, max: limits.quantityUnits });
    // A new level takes the policy that there is at once; later settings come to it by their own application.
    const { quantity: oversellLimit, decidedBy } = known
      ? { quantity: known.oversellLimit, decidedBy: null }
      : effectiveOversell(before, (scopeKey) => latestOf(state.list(oversellRevision, { scopeKey })));
    const opening =
      oversellLimit === before.oversellLimit
        ? []
        : [oversellLimitSet.of({ levels: [{ variantId, locationId, oversellLimit, decidedBy }] })];
    const after = withShortfall({ ...before, onHand, oversellLimit });
    return accept({
      events: [onHandAdjusted.of({ variantId, locationId, delta, reason }), ...opening],
      response: {
        variantId,
        locationId,
        onHand,
        availableToPromise: availableToPromise(after),
        shortfall: after.shortfall,
        version: state.versionOf(inventoryLevel, { variantId, locationId }) + 1 + opening.length,
      },
    });
  },
});

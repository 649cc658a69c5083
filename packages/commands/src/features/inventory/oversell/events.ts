import { defineEvent } from '@karmanflow/events';
import { amountShape, idShape, timestampShape, versionShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { oversellModes, oversellScopes } from './oversell-policy.ts';

const scopeKey = v.string();

/** Set or taken back: the policy has another rule, and whatever it is for has to be brought to it. */
export const oversellPolicySet = defineEvent({
  type: 'inventory.oversell_policy.set',
  version: 1,
  data: v.strictObject({
    oversellPolicyId: idShape('oversellPolicy'),
    scopeKey,
    scope: v.picklist(oversellScopes),
    variantId: v.nullable(idShape('variant')),
    locationId: v.nullable(idShape('location')),
    salesChannelId: v.nullable(idShape('salesChannel')),
    mode: v.picklist(oversellModes),
    quantity: amountShape,
    revision: versionShape,
    setAt: timestampShape,
  }),
  touches: (data) => [
    { entity: 'oversell_policy', key: { id: data.oversellPolicyId } },
    // A channel's rule is read where it is used, so there is nothing to bring to it.
    ...(data.scope === 'SALES_CHANNEL' ? [] : [{ entity: 'oversell_application', key: { scopeKey: data.scopeKey } }]),
    { entity: 'oversell_revision', key: { scopeKey: data.scopeKey, revision: data.revision } },
  ],
  dueAt: (data) => data.setAt,
});
export type OversellPolicySet = v.InferOutput<typeof oversellPolicySet.data>;

/** Levels have another oversell limit. */
export const oversellLimitSet = defineEvent({
  type: 'inventory.level.oversell_limit_set',
  version: 1,
  data: v.strictObject({
    levels: v.array(
      v.strictObject({
        variantId: idShape('variant'),
        locationId: idShape('location'),
        oversellLimit: amountShape,
        /** The scope whose policy says so; null when none does. */
        decidedBy: v.nullable(scopeKey),
      }),
    ),
  }),
  touches: (data) =>
    data.levels.map(({ variantId, locationId }) => ({ entity: 'inventory_level', key: { variantId, locationId } })),
});
export type OversellLimitSet = v.InferOutput<typeof oversellLimitSet.data>;

/** No level is left that the policy has not reached. */
export const oversellPolicyApplied = defineEvent({
  type: 'inventory.oversell_policy.applied',
  version: 1,
  data: v.strictObject({ scopeKey, revision: versionShape }),
  touches: (data) => [{ entity: 'oversell_application', key: { scopeKey: data.scopeKey } }],
});
export type OversellPolicyApplied = v.InferOutput<typeof oversellPolicyApplied.data>;

import { idShape, limits, timestampShape, toId, toUuid } from '@karmanflow/schema';
import * as v from 'valibot';
import { pageLimit } from '../../../definition/page.ts';
import { defineQuery } from '../../../definition/query.ts';
import { allocationStatuses, allocationStrategies } from '../../inventory/index.ts';

const strategies = [...allocationStrategies, 'override'] as const;

const allocationShape = v.strictObject({
  allocationId: idShape('allocation'),
  reservationId: idShape('reservation'),
  lineNumber: v.number(),
  variantId: idShape('variant'),
  locationId: idShape('location'),
  quantity: v.number(),
  strategy: v.picklist(strategies),
  status: v.picklist(allocationStatuses),
  /** The allocation in whose place this one stands. */
  overrideOf: v.nullable(idShape('allocation')),
  updatedAt: timestampShape,
});
type AllocationView = v.InferOutput<typeof allocationShape>;

export const listAllocations = defineQuery({
  type: 'allocation.allocations',
  summary: 'Allocations of a reservation or at a location, oldest first, with those that were moved or released.',
  scope: 'inventory.allocation:read',
  input: v.strictObject({
    reservationId: v.optional(idShape('reservation')),
    locationId: v.optional(idShape('location')),
    status: v.optional(v.picklist(allocationStatuses)),
    after: v.optional(idShape('allocation')),
    limit: pageLimit,
  }),
  output: v.strictObject({ allocations: v.array(allocationShape), next: v.nullable(idShape('allocation')) }),
  run: async (input, ctx) => {
    const rows = await ctx.database.read(ctx.scope, (db) => {
      let query = db
        .selectFrom('allocations')
        .selectAll()
        .where('tenant_id', '=', toUuid(ctx.tenantId))
        .where('environment_id', '=', toUuid(ctx.environmentId))
        .orderBy('id')
        .limit(Math.min(input.limit, limits.pageSizeMax) + 1);
      if (input.reservationId) query = query.where('reservation_id', '=', toUuid(input.reservationId));
      if (input.locationId) query = query.where('location_id', '=', toUuid(input.locationId));
      if (input.status) query = query.where('status', '=', input.status);
      if (input.after) query = query.where('id', '>', toUuid(input.after));
      return query.execute();
    });
    const allocations = rows.slice(0, input.limit).map((row) => ({
      allocationId: toId('allocation', row.id),
      reservationId: toId('reservation', row.reservation_id),
      lineNumber: row.line_number,
      variantId: toId('variant', row.variant_id),
      locationId: toId('location', row.location_id),
      quantity: row.quantity,
      // The columns' CHECKs keep these to their values.
      strategy: row.strategy as AllocationView['strategy'],
      status: row.status as AllocationView['status'],
      overrideOf: row.override_of === null ? null : toId('allocation', row.override_of),
      updatedAt: row.updated_at,
    }));
    return {
      allocations,
      next: rows.length > allocations.length ? (allocations.at(-1)?.allocationId ?? null) : null,
    };
  },
});

import { idShape, limits, timestampShape, toId, toUuid } from '@karmanflow/schema';
import * as v from 'valibot';
import { pageLimit } from '../../../definition/page.ts';
import { defineQuery } from '../../../definition/query.ts';
import { availableToPromise } from '../level.ts';

const uuidText = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const levelCursor = new RegExp(`^var_${uuidText}:loc_${uuidText}$`);

const levelShape = v.strictObject({
  variantId: idShape('variant'),
  locationId: idShape('location'),
  onHand: v.number(),
  reserved: v.number(),
  allocated: v.number(),
  damaged: v.number(),
  qualityControl: v.number(),
  incoming: v.number(),
  safetyStock: v.number(),
  oversellLimit: v.number(),
  shortfall: v.number(),
  availableToPromise: v.number(),
  version: v.number(),
  updatedAt: timestampShape,
});

export const listLevels = defineQuery({
  type: 'inventory.levels',
  summary: 'Quantities by variant and location.',
  scope: 'inventory.level:read',
  input: v.strictObject({
    variantId: v.optional(idShape('variant')),
    locationId: v.optional(idShape('location')),
    /** The last level of the page before, as `variantId:locationId`. */
    after: v.optional(v.pipe(v.string(), v.regex(levelCursor, 'must be variantId:locationId'))),
    limit: pageLimit,
  }),
  output: v.strictObject({ levels: v.array(levelShape), next: v.nullable(v.string()) }),
  run: async (input, ctx) => {
    const rows = await ctx.database.read(ctx.scope, (db) => {
      let query = db
        .selectFrom('inventory_levels')
        .selectAll()
        .where('tenant_id', '=', toUuid(ctx.tenantId))
        .where('environment_id', '=', toUuid(ctx.environmentId))
        .orderBy('variant_id')
        .orderBy('location_id')
        .limit(Math.min(input.limit, limits.pageSizeMax) + 1);
      if (input.variantId) query = query.where('variant_id', '=', toUuid(input.variantId));
      if (input.locationId) query = query.where('location_id', '=', toUuid(input.locationId));
      if (input.after) {
        const [variantId = '', locationId = ''] = input.after.split(':').map(toUuid);
        query = query.where(({ eb, refTuple, tuple }) =>
          eb(refTuple('variant_id', 'location_id'), '>', tuple(variantId, locationId)),
        );
      }
      return query.execute();
    });
    const levels = rows.slice(0, input.limit).map((row) => {
      const level = {
        variantId: toId('variant', row.variant_id),
        locationId: toId('location', row.location_id),
        onHand: row.on_hand,
        reserved: row.reserved,
        allocated: row.allocated,
        damaged: row.damaged,
        qualityControl: row.quality_control,
        incoming: row.incoming,
        safetyStock: row.safety_stock,
        oversellLimit: row.oversell_limit,
        shortfall: row.shortfall,
      };
      return {
        ...level,
        availableToPromise: availableToPromise(level),
        version: row.version,
        updatedAt: row.updated_at,
      };
    });
    const last = levels.at(-1);
    return { levels, next: rows.length > levels.length && last ? `${last.variantId}:${last.locationId}` : null };
  },
});

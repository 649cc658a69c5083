import { idShape, toId, toUuid } from '@karmanflow/schema';
import { sql } from 'kysely';
import * as v from 'valibot';
import { defineQuery } from '../../../definition/query.ts';

export const availability = defineQuery({
  type: 'inventory.availability',
  summary: 'What each sales channel may still promise of a variant: the sum over its locations, less its buffers.',
  scope: 'inventory.level:read',
  input: v.strictObject({ variantId: idShape('variant'), salesChannelId: v.optional(idShape('salesChannel')) }),
  output: v.strictObject({
    variantId: idShape('variant'),
    channels: v.array(
      v.strictObject({ salesChannelId: idShape('salesChannel'), code: v.string(), availableToPromise: v.number() }),
    ),
  }),
  run: async ({ variantId, salesChannelId }, ctx) => {
    const rows = await ctx.database.read(ctx.scope, (db) => {
      let query = db
        .selectFrom('sales_channels as c')
        .innerJoin('channel_locations as s', (join) =>
          join
            .onRef('s.tenant_id', '=', 'c.tenant_id')
            .onRef('s.environment_id', '=', 'c.environment_id')
            .onRef('s.sales_channel_id', '=', 'c.id'),
        )
        .leftJoin('inventory_levels as l', (join) =>
          join
            .onRef('l.tenant_id', '=', 's.tenant_id')
            .onRef('l.environment_id', '=', 's.environment_id')
            .onRef('l.location_id', '=', 's.location_id')
            .on('l.variant_id', '=', toUuid(variantId)),
        )
        // A channel's own policy narrows how far it may use the oversell limit of a level.
        .leftJoin('oversell_policies as p', (join) =>
          join
            .onRef('p.tenant_id', '=', 'c.tenant_id')
            .onRef('p.environment_id', '=', 'c.environment_id')
            .onRef('p.sales_channel_id', '=', 'c.id')
            .on('p.mode', '<>', 'INHERIT'),
        )
        .where('c.tenant_id', '=', toUuid(ctx.tenantId))
        .where('c.environment_id', '=', toUuid(ctx.environmentId))
        .groupBy(['c.id', 'c.code'])
        .orderBy('c.code')
        .select(['c.id', 'c.code'])
        .select(
          sql<number>`coalesce(sum(greatest(0, l.on_hand - l.reserved - l.allocated - l.damaged - l.quality_control
            - l.safety_stock + least(l.oversell_limit, coalesce(p.quantity, l.oversell_limit)) - s.buffer_quantity)), 0)::bigint`.as(
            'available',
          ),
        );
      if (salesChannelId) query = query.where('c.id', '=', toUuid(salesChannelId));
      return query.execute();
    });
    return {
      variantId,
      channels: rows.map((row) => ({
        salesChannelId: toId('salesChannel', row.id),
        code: row.code,
        availableToPromise: row.available,
      })),
    };
  },
});

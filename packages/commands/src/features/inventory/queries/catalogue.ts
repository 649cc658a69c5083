import { codeShape, type Database, type Id, idShape, type Scope, toId, toUuid } from '@karmanflow/schema';
import * as v from 'valibot';
import { defineQuery } from '../../../definition/query.ts';

/** What a partner calls things, and what we call them. */
export interface CatalogueNames {
  readonly skus: readonly string[];
  readonly locationCodes: readonly string[];
  readonly salesChannelCodes: readonly string[];
}

export interface CatalogueIds {
  readonly variants: ReadonlyMap<string, Id<'variant'>>;
  readonly locations: ReadonlyMap<string, Id<'location'>>;
  readonly salesChannels: ReadonlyMap<string, Id<'salesChannel'>>;
}

/** Finds the ids behind SKUs and codes of one environment. What does not exist is absent from the answer. */
export async function resolveCatalogue(database: Database, scope: Scope, names: CatalogueNames): Promise<CatalogueIds> {
  const tenantId = toUuid(scope.tenantId);
  const environmentId = toUuid(scope.environmentId);
  return database.read(scope, async (db) => {
    const found = async (table: 'locations' | 'sales_channels', codes: readonly string[]) =>
      codes.length === 0
        ? []
        : db
            .selectFrom(table)
            .select(['id', 'code'])
            .where('tenant_id', '=', tenantId)
            .where('environment_id', '=', environmentId)
            .where('code', 'in', codes)
            .execute();
    const variants =
      names.skus.length === 0
        ? []
        : await db
            .selectFrom('variants')
            .select(['id', 'sku'])
            .where('tenant_id', '=', tenantId)
            .where('environment_id', '=', environmentId)
            .where('sku', 'in', names.skus)
            .execute();
    const locations = await found('locations', names.locationCodes);
    const channels = await found('sales_channels', names.salesChannelCodes);
    return {
      variants: new Map(variants.map((row) => [row.sku, toId('variant', row.id)])),
      locations: new Map(locations.map((row) => [row.code, toId('location', row.id)])),
      salesChannels: new Map(channels.map((row) => [row.code, toId('salesChannel', row.id)])),
    };
  });
}

const oneName = v.optional(codeShape);

export const lookUpCatalogue = defineQuery({
  type: 'inventory.catalogue',
  summary: 'The ids behind a SKU, a location code and a sales channel code; null for what does not exist.',
  scope: 'inventory.catalogue:read',
  input: v.strictObject({ sku: oneName, locationCode: oneName, salesChannelCode: oneName }),
  output: v.strictObject({
    variantId: v.nullable(idShape('variant')),
    locationId: v.nullable(idShape('location')),
    salesChannelId: v.nullable(idShape('salesChannel')),
  }),
  run: async ({ sku, locationCode, salesChannelCode }, ctx) => {
    const listOf = (name: string | undefined): string[] => (name === undefined ? [] : [name]);
    const ids = await resolveCatalogue(ctx.database, ctx.scope, {
      skus: listOf(sku),
      locationCodes: listOf(locationCode),
      salesChannelCodes: listOf(salesChannelCode),
    });
    return {
      variantId: ids.variants.get(sku ?? '') ?? null,
      locationId: ids.locations.get(locationCode ?? '') ?? null,
      salesChannelId: ids.salesChannels.get(salesChannelCode ?? '') ?? null,
    };
  },
});

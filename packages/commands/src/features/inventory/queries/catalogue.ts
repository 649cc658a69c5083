import {
  codeShape,
  type Database,
  type Id,
  type IdKind,
  idShape,
  type Scope,
  type TableName,
  toId,
  toUuid,
} from '@karmanflow/schema';
import * as v from 'valibot';
import { defineQuery } from '../../../definition/query.ts';
import { readAtOnce, type Row } from '../../../executor/read-at-once.ts';
import { lookUpRows, type Statement } from '../../../executor/statements.ts';

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

/** Statements that find names, and the ids in what they found. */
export interface CatalogueLookUp {
  readonly statements: readonly Statement[];
  /** Of the rows of each statement. */
  readonly idsIn: (rows: readonly (readonly Row[])[]) => CatalogueIds;
}

/** Finds the ids behind SKUs and codes of one environment, in as many statements as there are kinds of names. */
export function lookUpCatalogueNames(scope: readonly [string, string], names: CatalogueNames): CatalogueLookUp {
  const kinds = [
    { table: 'variants', column: 'sku', list: names.skus },
    { table: 'locations', column: 'code', list: names.locationCodes },
    { table: 'sales_channels', column: 'code', list: names.salesChannelCodes },
  ] as const;
  const asked = kinds
    .map((kind) => ({ ...kind, list: kind.list.filter(canBeStored) }))
    .filter(({ list }) => list.length);
  return {
    statements: asked.map(({ table, column, list }) =>
      lookUpRows({
        name: `look_up_${table}`,
        table,
        columns: ['id', column],
        where: [column],
        locked: false,
        scope,
        tuples: list.map((name) => [name]),
      }),
    ),
    idsIn: (rows) => {
      const ids = <Kind extends IdKind>(wanted: TableName, kind: Kind): Map<string, Id<Kind>> => {
        const at = asked.findIndex(({ table }) => table === wanted);
        const column = asked[at]?.column ?? '';
        return new Map(rows[at]?.map((row) => [String(row[column]), toId(kind, String(row['id']))]));
      };
      return {
        variants: ids('variants', 'variant'),
        locations: ids('locations', 'location'),
        salesChannels: ids('sales_channels', 'salesChannel'),
      };
    },
  };
}

/** Postgres has no text with a zero character, so nothing is called that; asking for it would be an error. */
function canBeStored(name: string): boolean {
  return !name.includes('\0');
}

/** Finds the ids behind SKUs and codes of one environment. What does not exist is absent from the answer. */
export async function resolveCatalogue(database: Database, scope: Scope, names: CatalogueNames): Promise<CatalogueIds> {
  const { statements, idsIn } = lookUpCatalogueNames([toUuid(scope.tenantId), toUuid(scope.environmentId)], names);
  return idsIn(await readAtOnce(database, scope, statements));
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

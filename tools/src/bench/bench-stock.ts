import { columnsOf, toId, toUuid } from '@karmanflow/schema';
import type { ClientBase } from 'pg';
import type { Demo } from '../local/index.ts';

/** What there is to reserve. */
export interface BenchStock {
  readonly locationId: string;
  /** Variants that never run out. */
  readonly variantIds: readonly string[];
  /** A variant with `scarceUnits` on hand. */
  readonly scarceVariantId: string;
}

/** Far more than any run reserves. */
const plentyUnits = 100_000_000;
/** On hand of the variant that the sell-out empties. */
export const scarceUnits = 300;

/** Every SKU of the bench begins with it. */
export const benchSkuPrefix = 'BENCH-';

const originalSku = 'TOWEL-2';
const locationCode = 'BER-1';

/**
 * Ten thousand variants through commands would take longer than a scenario. So one of the demo's is copied with its level,
 * under its receipts: what the bench measures neither reads nor changes how the catalogue came about.
 */
export async function stockShelves(
  admin: ClientBase,
  options: { readonly demo: Demo; readonly variants: number },
): Promise<BenchStock> {
  const { variants, locations } = options.demo.catalogue.sandbox;
  const original = variants[originalSku];
  const locationId = locations[locationCode];
  if (original === undefined || locationId === undefined) {
    throw new Error(`the demo has no ${originalSku} at ${locationCode}`);
  }
  const copied = await admin.query<{ id: string }>(
    `INSERT INTO kf.variants (${columns('variants')})
     SELECT ${columns('variants', { id: 'uuidv7()', sku: `'${benchSkuPrefix}' || number` })}
     FROM kf.variants CROSS JOIN generate_series(0, $2::integer) AS number WHERE id = $1 RETURNING id`,
    [toUuid(original), options.variants],
  );
  const ids = copied.rows.map(({ id }) => id);
  const scarce = ids.at(-1) ?? '';
  const onHand = `CASE copy WHEN $4::uuid THEN ${scarceUnits} ELSE ${plentyUnits} END`;
  await admin.query(
    `INSERT INTO kf.inventory_levels (${columns('inventory_levels')})
     SELECT ${columns('inventory_levels', { variant_id: 'copy', on_hand: onHand, version: '1' })}
     FROM kf.inventory_levels CROSS JOIN unnest($3::uuid[]) AS copy WHERE variant_id = $1 AND location_id = $2`,
    [toUuid(original), toUuid(locationId), ids, scarce],
  );
  return {
    locationId,
    variantIds: ids.slice(0, -1).map((id) => toId('variant', id)),
    scarceVariantId: toId('variant', scarce),
  };
}

/** All columns of a table, some replaced by an expression. */
function columns(table: 'variants' | 'inventory_levels', replaced: Readonly<Record<string, string>> = {}): string {
  return Object.keys(columnsOf(table))
    .map((column) => replaced[column] ?? column)
    .join(', ');
}

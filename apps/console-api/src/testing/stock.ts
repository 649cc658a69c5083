import type { ApiClient } from './api-client.ts';

/** A variant on the shelf of a location. */
export interface Stock {
  readonly variantId: string;
  readonly locationId: string;
}

let next = 0;

/** Registers a new variant at a new location and puts units there. */
export async function stockUp(client: ApiClient, units: number): Promise<Stock> {
  next += 1;
  const { variantId = '' } = await client.succeed('inventory.register_variant', { sku: `MUG-${next}`, name: 'Mug' });
  const { locationId = '' } = await client.succeed('inventory.register_location', {
    code: `BER-${next}`,
    name: 'Berlin',
  });
  await client.succeed('inventory.adjust', { variantId, locationId, delta: units, reason: 'received' });
  return { variantId, locationId };
}

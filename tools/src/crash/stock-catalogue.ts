import type { ApiClient } from './api-client.ts';
import type { Catalogue } from './intention.ts';
import { skuCounts, skuTotal, stockAtStart } from './planned-operation.ts';

/** Registers the SKUs of the plan and one location, and puts stock on hand. Throws when anything is refused. */
export async function stockCatalogue(options: {
  readonly api: ApiClient;
  readonly apiKey: string;
}): Promise<Catalogue> {
  const { api, apiKey } = options;

  async function succeed(command: string, input: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
    const outcome = await api.send({
      command,
      key: crypto.randomUUID(),
      body: JSON.stringify(input),
      apiKey,
      patienceMilliseconds: null,
    });
    if (outcome.kind !== 'receipt' || outcome.status !== 'SUCCEEDED' || outcome.data === null) {
      throw new Error(`${command} did not succeed: ${JSON.stringify(outcome)}`);
    }
    // Canonical JSON of an object, which every command answers with.
    return JSON.parse(outcome.data) as Record<string, unknown>;
  }

  const location = await succeed('inventory.register_location', { code: 'crash-1', name: 'Under load' });
  const locationId = String(location['locationId']);
  const positions = Array.from({ length: skuTotal }, (_, position) => position);
  const variantIds = await Promise.all(
    positions.map(async (position) => {
      const sku = `CRASH-${position}`;
      return String((await succeed('inventory.register_variant', { sku, name: sku }))['variantId']);
    }),
  );
  await Promise.all(
    variantIds.map((variantId, position) => {
      const delta = position < skuCounts.scarce ? stockAtStart.scarce : stockAtStart.plenty;
      return succeed('inventory.adjust', { variantId, locationId, delta, reason: 'stock at the start' });
    }),
  );
  return { variantIds, locationId };
}

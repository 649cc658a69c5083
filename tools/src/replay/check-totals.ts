import type { CommandClient } from './command-client.ts';
import type { ExpectedTotals } from './expected-totals.ts';
import type { ReplayReport } from './replay-orders.ts';

export interface TotalsCheck {
  readonly skusCompared: number;
  readonly onHandUnits: number;
  readonly reservedUnits: number;
  readonly differences: readonly string[];
}

/**
 * Compares what the service says now with what the file says it must be: on hand is what was put there, less what was
 * written off, plus what came back; reserved is what was sold and not yet allocated.
 */
export async function checkTotals(options: {
  client: CommandClient;
  report: ReplayReport;
  expected: ReadonlyMap<string, ExpectedTotals>;
}): Promise<TotalsCheck> {
  const { client, report, expected } = options;
  const levels = new Map(
    (await client.readAll('inventory.levels', 'levels', { locationId: report.locationId })).map((level) => [
      String(level['variantId']),
      { onHand: Number(level['onHand']), reserved: Number(level['reserved']) },
    ]),
  );
  const differences: string[] = [];
  let onHandUnits = 0;
  let reservedUnits = 0;
  for (const [sku, { soldUnits, returnedUnits }] of expected) {
    const level = levels.get(report.variants.get(sku) ?? '') ?? { onHand: 0, reserved: 0 };
    const wanted = { onHand: soldUnits + returnedUnits, reserved: soldUnits };
    onHandUnits += level.onHand;
    reservedUnits += level.reserved;
    if (level.onHand === wanted.onHand && level.reserved === wanted.reserved) continue;
    differences.push(
      `${sku}: on hand ${level.onHand}, expected ${wanted.onHand}; reserved ${level.reserved}, expected ${wanted.reserved}`,
    );
  }
  const unexpected = [...report.variants.keys()].filter((sku) => !expected.has(sku));
  differences.push(...unexpected.map((sku) => `${sku}: replayed, but not in the independent computation`));
  return { skusCompared: expected.size, onHandUnits, reservedUnits, differences };
}

import { type SeededRandom, seededRandom } from './seeded-random.ts';

/** A quantity of one SKU of the run, named by its position. */
export interface PlannedLine {
  readonly sku: number;
  readonly quantity: number;
}

/**
 * What a client does next, without the ids that only the run can tell: `back` counts the client's own reservations from
 * the newest, and `reference` is new for each operation, so that its effects can be counted.
 */
export type PlannedOperation =
  /** A hold; `copies` are sent at once over connections of their own, with one idempotency key. */
  | {
      readonly kind: 'reserve';
      readonly lines: readonly PlannedLine[];
      readonly holdSeconds: number;
      readonly copies: number;
    }
  /** Two holds with one idempotency key: the second must be rejected, and leave nothing. */
  | { readonly kind: 'reuse_key'; readonly lines: readonly PlannedLine[]; readonly holdSeconds: number }
  | { readonly kind: 'commit'; readonly back: number }
  | { readonly kind: 'extend'; readonly back: number; readonly holdSeconds: number }
  /** Class R2: must wait for a human, and change nothing. */
  | { readonly kind: 'cancel'; readonly back: number }
  | { readonly kind: 'adjust'; readonly sku: number; readonly delta: number }
  /** A body that no command accepts. */
  | { readonly kind: 'malformed'; readonly sku: number }
  /** A body that is fine, under a key of nobody. */
  | { readonly kind: 'unauthenticated'; readonly lines: readonly PlannedLine[] };

/** SKUs by position: the scarce one first, then the hot ones, then the cold ones. */
export const skuCounts = { scarce: 1, hot: 4, cold: 59 } as const;
export const skuTotal: number = skuCounts.scarce + skuCounts.hot + skuCounts.cold;
/** What is on hand of each at the start: the scarce SKU is soon sold out, so that there are refusals. */
export const stockAtStart = { scarce: 300, plenty: 1_000_000 } as const;

/** Longer than any run, so that these are still held at its end. */
const longHoldSeconds = 7_200;

/** Operation `position` of a client. Follows from the arguments alone. */
export function plannedOperation(options: { seed: number; client: number; position: number }): PlannedOperation {
  const random = seededRandom(options.seed, `client ${options.client} operation ${options.position}`);
  const ticket = random.below(100);
  if (ticket < 38) return { kind: 'reserve', lines: lines(random), holdSeconds: hold(random), copies: 1 };
  if (ticket < 46) {
    return { kind: 'reserve', lines: lines(random), holdSeconds: hold(random), copies: random.between(2, 4) };
  }
  if (ticket < 50) return { kind: 'reuse_key', lines: lines(random), holdSeconds: longHoldSeconds };
  if (ticket < 68) return { kind: 'commit', back: random.below(4) };
  if (ticket < 78)
    return { kind: 'extend', back: random.below(4), holdSeconds: longHoldSeconds + random.between(1, 900) };
  if (ticket < 81) return { kind: 'cancel', back: random.below(4) };
  if (ticket < 95) return { kind: 'adjust', sku: sku(random), delta: random.pick([-3, -1, 1, 2, 5, 40]) };
  if (ticket < 98) return { kind: 'malformed', sku: sku(random) };
  return { kind: 'unauthenticated', lines: lines(random) };
}

/**
 * How long the client is willing to wait for this operation, or null for as long as the API does. Some wait for about as
 * long as a transaction takes, so that deadlines pass at every point of one.
 */
export function plannedPatienceMilliseconds(options: {
  seed: number;
  client: number;
  position: number;
}): number | null {
  const random = seededRandom(options.seed, `client ${options.client} patience ${options.position}`);
  return random.chance(0.15) ? random.between(5, 150) : null;
}

/** Most holds last; a third ends while the run is still on, which is the worker's business. */
function hold(random: SeededRandom): number {
  return random.chance(0.33) ? random.between(1, 3) : longHoldSeconds;
}

function lines(random: SeededRandom): PlannedLine[] {
  return Array.from({ length: random.between(1, 3) }, () => ({ sku: sku(random), quantity: random.between(1, 4) }));
}

function sku(random: SeededRandom): number {
  if (random.chance(0.08)) return 0;
  if (random.chance(0.5)) return skuCounts.scarce + random.below(skuCounts.hot);
  return skuCounts.scarce + skuCounts.hot + random.below(skuCounts.cold);
}

import type { ContenderName } from './contender.ts';

export interface Scenario {
  readonly name: string;
  readonly says: string;
  /** One variant that everybody wants, or all of the catalogue. */
  readonly demand: 'hot' | 'spread';
  readonly flushDelayMicroseconds: number;
  /** How many times faster than a peer ours shall be. Printed, never enforced: machines and neighbours differ. */
  readonly targets: Partial<Record<ContenderName, number>>;
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'hot',
    says: 'one SKU',
    demand: 'hot',
    flushDelayMicroseconds: 0,
    targets: { function: 3, 'function-8': 3 },
  },
  {
    name: 'spread',
    says: 'every SKU alike',
    demand: 'spread',
    flushDelayMicroseconds: 0,
    targets: { function: 1.2, 'function-8': 1.2 },
  },
  {
    name: 'hot-1ms-flush',
    says: 'one SKU, a flush takes 1 ms longer',
    demand: 'hot',
    flushDelayMicroseconds: 1000,
    targets: { function: 10, 'function-8': 10 },
  },
  {
    name: 'spread-1ms-flush',
    says: 'every SKU alike, a flush takes 1 ms longer',
    demand: 'spread',
    flushDelayMicroseconds: 1000,
    targets: {},
  },
];

import { hash } from 'node:crypto';

/** Numbers that follow from a seed alone. */
export interface SeededRandom {
  /** A whole number from 0 to `bound` - 1. */
  below(bound: number): number;
  /** A whole number from `first` to `last`, both included. */
  between(first: number, last: number): number;
  chance(probability: number): boolean;
  pick<T>(values: readonly T[]): T;
  shuffled<T>(values: readonly T[]): T[];
}

/**
 * The random numbers that belong to one place, named by `path`, of the run with this seed. Places do not influence each
 * other: what one client draws is the same however many others there are. The generator is Doty-Humphrey's sfc32.
 */
export function seededRandom(seed: number, path: string): SeededRandom {
  const start = hash('sha256', `${seed}/${path}`, 'buffer');
  let [a, b, c, counter] = [0, 4, 8, 12].map((offset) => start.readUInt32LE(offset)) as [
    number,
    number,
    number,
    number,
  ];

  function next(): number {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  }

  const below = (bound: number): number => Math.floor(next() * bound);
  return {
    below,
    between: (first, last) => first + below(last - first + 1),
    chance: (probability) => next() < probability,
    pick: (values) => {
      const value = values[below(values.length)];
      if (value === undefined) throw new RangeError('nothing to pick from');
      return value;
    },
    shuffled: (values) => {
      const left = [...values];
      return values.map(() => left.splice(below(left.length), 1)).flat();
    },
  };
}

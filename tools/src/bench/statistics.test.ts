import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { median, merged, percentile } from './statistics.ts';

const samples = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 60 });

describe('median', () => {
  test('is the middle, or the mean of the two middle ones', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  test('has as many values below as above it', () => {
    fc.assert(
      fc.property(samples, (values) => {
        const middle = median(values);
        const below = values.filter((value) => value < middle).length;
        const above = values.filter((value) => value > middle).length;
        expect(Math.max(below, above)).toBeLessThanOrEqual(values.length / 2);
      }),
    );
  });
});

describe('percentile', () => {
  test('is the value of the nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
    expect(percentile(hundred, 0.5)).toBe(50);
    expect(percentile(hundred, 0.99)).toBe(99);
    expect(percentile([7], 0.99)).toBe(7);
    expect(percentile([], 0.5)).toBeNaN();
  });
});

test('merged holds every sample in ascending order', () => {
  fc.assert(
    fc.property(fc.array(samples, { maxLength: 5 }), (runs) => {
      const all = merged(runs.map((run) => Float32Array.from(run)));
      expect([...all]).toEqual(runs.flat().toSorted((one, other) => one - other));
    }),
  );
});

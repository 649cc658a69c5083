import { expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { missingRanges, ordinalRanges } from './ordinal-ranges.ts';

const numbersOf = (ranges: readonly { from: number; to: number }[]): number[] =>
  ranges.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_one, at) => from + at));
const ordinals = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 40 });

test('ranges hold exactly the numbers, as few ranges as can be, in order', () => {
  fc.assert(
    fc.property(ordinals, (list) => {
      const ranges = ordinalRanges(list);
      expect(numbersOf(ranges)).toEqual([...new Set(list)].toSorted((one, other) => one - other));
      for (const [at, { from }] of ranges.entries()) expect(from > (ranges[at - 1]?.to ?? -1) + 1).toBe(true);
    }),
  );
});

test('what is missing and what is there are everything from behind the place on', () => {
  fc.assert(
    fc.property(ordinals, fc.integer({ min: 0, max: 30 }), fc.nat(20), (list, after, more) => {
      const seen = list.filter((ordinal) => ordinal > after);
      const through = Math.max(after, ...seen) + more;
      const missing = numbersOf(missingRanges(seen, { after, through }));
      const all = [...missing, ...new Set(seen)].toSorted((one, other) => one - other);
      expect(all).toEqual(Array.from({ length: through - after }, (_one, at) => after + 1 + at));
    }),
  );
  expect(missingRanges([4, 5, 9], { after: 1, through: 9 })).toEqual([
    { from: 2, to: 3 },
    { from: 6, to: 8 },
  ]);
  expect(missingRanges([], { after: 2, through: 7 })).toEqual([{ from: 3, to: 7 }]);
  expect(missingRanges([], { after: 2, through: 2 })).toEqual([]);
});

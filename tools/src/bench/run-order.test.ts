import { expect, test } from 'bun:test';
import { runOrder } from './run-order.ts';

test('rounds go forwards and backwards in turn', () => {
  const twice = ['a', 'b', 'c'].map((name) => ({ name, repeats: 2 }));
  expect(runOrder(twice).join('')).toBe('abccba');
});

test('a contender with fewer repeats sits out the later rounds', () => {
  const order = runOrder([
    { name: 'a', repeats: 3 },
    { name: 'b', repeats: 3 },
    { name: 'c', repeats: 1 },
  ]);
  expect(order.join('')).toBe('abcbaab');
  expect(runOrder([])).toEqual([]);
});

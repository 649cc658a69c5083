import { expect, test } from 'bun:test';
import { RecentNames } from './recent-names.ts';

test('the last names are known, however many came before, and the bound holds', () => {
  const names = new RecentNames(10);
  for (let count = 0; count < 1000; count += 1) {
    names.add(`name ${count}`);
    for (let back = 0; back < Math.min(5, count + 1); back += 1) expect(names.has(`name ${count - back}`)).toBe(true);
    if (count >= 10) expect(names.has(`name ${count - 10}`)).toBe(false);
  }
});

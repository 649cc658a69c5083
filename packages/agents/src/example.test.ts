import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { tools } from '../example.ts';

test('the example gives what the README says, and stands there as it is', () => {
  expect(tools).toEqual([
    'reservation_create: allowed',
    'reservation_cancel: needs_approval',
    'inventory_levels: allowed',
    'inventory_availability: allowed',
  ]);
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
  expect(read('../README.md')).toContain(read('../example.ts'));
  for (const line of tools) expect(read('../README.md')).toContain(line);
});

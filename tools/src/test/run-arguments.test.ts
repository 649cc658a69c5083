import { expect, test } from 'bun:test';

import { parseRunArguments } from './run-arguments.ts';

const known = ['install', 'unit', 'db'];

test('no stage means all of them, in their order', () => {
  expect(parseRunArguments({ args: [], known })).toEqual({ stages: known, filters: [] });
});

test('stages run in their own order, whatever order they are named in', () => {
  expect(parseRunArguments({ args: ['db', 'unit'], known })).toEqual({ stages: ['unit', 'db'], filters: [] });
});

test('what follows the separator filters paths', () => {
  const expected = { stages: ['unit'], filters: ['packages/policy', 'risk'] };
  expect(parseRunArguments({ args: ['unit', '--', 'packages/policy', 'risk'], known })).toEqual(expected);
});

test('an unknown stage is refused by name', () => {
  expect(parseRunArguments({ args: ['units'], known })).toContain('«units»');
});

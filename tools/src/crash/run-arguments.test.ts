import { expect, test } from 'bun:test';
import { readRunArguments } from './run-arguments.ts';

const read = (...words: string[]): ReturnType<typeof readRunArguments> => readRunArguments(words, { seed: 5 });

test('without arguments it runs a minute with the seed that it is given', () => {
  expect(read()).toEqual({ seed: 5, seconds: 60, keeps: false });
});

test('every argument is read', () => {
  expect(read('--seed', '12', '--seconds', '90', '--keep')).toEqual({ seed: 12, seconds: 90, keeps: true });
  expect(read('--ci', '--seed', '0')).toMatchObject({ seed: 0, seconds: 18 });
  expect(read('--ci', '--seconds', '3')).toMatchObject({ seconds: 3 });
});

test.each([
  [['--seed']],
  [['--seed', 'abc']],
  [['--seed', '-1']],
  [['--seconds', '0']],
  [['--seconds', '1e9']],
  [['faster']],
])('%p is a problem, with the usage beside it', (words) => {
  expect(read(...words)).toMatchObject({ problem: expect.stringContaining('usage:') });
});

import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { readTestSeed, testSeedVariable, usualTestSeed } from './test-seed.ts';

describe('the seed of a run', () => {
  test('is the usual one where nothing is said', () => {
    expect(readTestSeed(undefined)).toBe(usualTestSeed);
  });

  test.each(['0', '7', '2147483647'])('%s is taken', (text) => {
    expect(readTestSeed(text)).toBe(Number(text));
  });

  test.each(['', '-1', '1.5', 'random', '2147483648', '99999999999'])('«%s» is refused', (text) => {
    expect(() => readTestSeed(text)).toThrow(testSeedVariable);
  });

  test('reaches the properties of every test file', () => {
    expect(fc.readConfigureGlobal().seed).toBe(readTestSeed(process.env[testSeedVariable]));
  });
});

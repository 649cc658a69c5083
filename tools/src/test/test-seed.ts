/** The environment variable that says which seed property tests and the crash test take. */
export const testSeedVariable = 'KF_TEST_SEED';

/** What a run takes that was told nothing, so that a commit's verdict depends on the commit alone. */
export const usualTestSeed = 20_261_122;

const seedMax = 2 ** 31 - 1;

/** Reads the seed of a run: a whole number below 2^31. Throws on anything else, for a run must not seem to be another. */
export function readTestSeed(text: string | undefined): number {
  if (text === undefined) return usualTestSeed;
  const seed = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(seed <= seedMax)) throw new Error(`${testSeedVariable} must be a whole number up to ${seedMax}, not ${text}`);
  return seed;
}

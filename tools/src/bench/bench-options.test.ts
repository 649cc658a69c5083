import { describe, expect, test } from 'bun:test';
import { type BenchOptions, benchOptions } from './bench-options.ts';
import { poolSizes } from './contender.ts';
import { scenarios } from './scenarios.ts';

/** Seconds that the measured part takes at least, without starting, seeding and checking. */
function plannedSeconds(bench: BenchOptions): number {
  const runs = 2 * bench.repeats + bench.repeatsShown;
  const trials = bench.trialMilliseconds === 0 ? 0 : 2 * poolSizes.length * (bench.trialMilliseconds + 100);
  const scenario = 3 * bench.settleMilliseconds + trials + runs * bench.runMilliseconds;
  return (3 * bench.warmUpMilliseconds + scenarios.length * scenario) / 1000;
}

describe('the command line', () => {
  test('leaves room for everything else within four minutes, and within one when it shall be quick', () => {
    expect(plannedSeconds(benchOptions([]))).toBeLessThan(200);
    expect(plannedSeconds(benchOptions(['--quick']))).toBeLessThan(45);
  });

  test('changes lengths and chooses scenarios', () => {
    const bench = benchOptions(['--seconds', '1.5', '--repeats', '3', '--connections', '8', '--only', 'hot', '--json']);
    expect(bench).toMatchObject({ runMilliseconds: 1500, repeats: 3, connections: 8, only: ['hot'], json: true });
  });

  test.each([
    { argv: ['--seconds', 'soon'] },
    { argv: ['--repeats', '0'] },
    { argv: ['--connections', '5000'] },
    { argv: ['--fast'] },
    { argv: ['hot'] },
  ])('refuses $argv and says how it is used', ({ argv }) => {
    expect(() => benchOptions(argv)).toThrow('bun run bench [--quick]');
  });
});

import { describe, expect, test } from 'bun:test';
import { limits } from '@karmanflow/schema';
import { type BenchOptions, benchOptions } from './bench-options.ts';
import { contenderNames, isShown, poolSizes } from './contender.ts';
import { scenarios } from './scenarios.ts';

/** Seconds that the measured part takes at least, without starting, seeding and checking. */
function plannedSeconds(bench: BenchOptions): number {
  const shown = contenderNames.filter(isShown).length;
  const runs = (contenderNames.length - shown) * bench.repeats + shown * bench.repeatsShown;
  const trials = bench.trialMilliseconds === 0 ? 0 : 2 * poolSizes.length * (bench.trialMilliseconds + 100);
  const scenario = contenderNames.length * bench.settleMilliseconds + trials + runs * bench.runMilliseconds;
  return (contenderNames.length * bench.warmUpMilliseconds + scenarios.length * scenario) / 1000;
}

describe('the command line', () => {
  test('leaves room for everything else within six minutes, and within two when it shall be quick', () => {
    expect(plannedSeconds(benchOptions([]))).toBeLessThan(320);
    expect(plannedSeconds(benchOptions(['--quick']))).toBeLessThan(75);
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

test('one contender has the pool that ours has', () => {
  expect<readonly string[]>(contenderNames).toContain(`function-${limits.poolConnections}`);
  expect<readonly number[]>(poolSizes).toContain(limits.poolConnections);
});

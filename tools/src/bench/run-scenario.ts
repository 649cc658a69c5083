import type { BenchOptions } from './bench-options.ts';
import type { BenchWorld } from './bench-world.ts';
import { type ContenderName, hasPoolSize, isShown, isTuned } from './contender.ts';
import type { CpuTime } from './cpu-time.ts';
import { runOrder } from './run-order.ts';
import type { MeasuredRun, Runner } from './runner.ts';
import type { Scenario } from './scenarios.ts';
import { median, merged, percentile } from './statistics.ts';

export interface ContenderResult {
  readonly name: ContenderName;
  readonly perSecond: { readonly median: number; readonly min: number; readonly max: number };
  /** Milliseconds, of the samples of all runs together. */
  readonly p50: number;
  readonly p99: number;
  readonly requests: number;
  /** Processor time of one request in microseconds, median of the runs; null where the system does not tell. */
  readonly cpuPerRequest: CpuTime | null;
  /** The pool size that was taken; null where there is no choice. */
  readonly poolSize: number | null;
}

export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly contenders: readonly ContenderResult[];
  /** Medians over the runs of the parts of the processors that went to other programs, and to others of the host; null: unknown. */
  readonly neighbourShare: number | null;
  readonly stolenShare: number | null;
}

/** Runs one scenario for all contenders, interleaved. */
export async function runScenario(options: {
  readonly scenario: Scenario;
  readonly world: BenchWorld;
  readonly runners: readonly Runner[];
  readonly bench: BenchOptions;
}): Promise<ScenarioResult> {
  const { scenario, world, runners, bench } = options;
  const { variantIds } = world.stock;
  const demand = scenario.demand === 'hot' ? variantIds.slice(0, 1) : variantIds;
  for (const runner of runners) {
    await runner.run({ milliseconds: bench.settleMilliseconds, variantIds: demand });
    if (!isTuned(runner.contender.name) || bench.trialMilliseconds === 0) continue;
    await runner.choosePoolSize({ milliseconds: bench.trialMilliseconds, variantIds: demand });
  }
  const order = runOrder(
    runners.map((runner) => ({
      name: runner,
      repeats: isShown(runner.contender.name) ? bench.repeatsShown : bench.repeats,
    })),
  );
  const runs = new Map<Runner, MeasuredRun[]>(runners.map((runner) => [runner, []]));
  for (const runner of order) {
    const run = await runner.measure({ milliseconds: bench.runMilliseconds, variantIds: demand });
    runs.get(runner)?.push(run);
  }
  const all = [...runs.values()].flat();
  return {
    scenario,
    contenders: runners.map((runner) => resultOf(runner, runs.get(runner) ?? [])),
    neighbourShare: medianOrNull(all.map(({ neighbourShare }) => neighbourShare)),
    stolenShare: medianOrNull(all.map(({ stolenShare }) => stolenShare)),
  };
}

function medianOrNull(shares: readonly (number | null)[]): number | null {
  const known = shares.filter((share) => share !== null);
  return known.length === 0 ? null : median(known);
}

function resultOf({ contender, poolSize }: Runner, runs: readonly MeasuredRun[]): ContenderResult {
  const rates = runs.map((run) => run.perSecond);
  const samples = merged(runs.map((run) => run.latencies));
  return {
    name: contender.name,
    perSecond: { median: median(rates), min: Math.min(...rates), max: Math.max(...rates) },
    p50: percentile(samples, 0.5),
    p99: percentile(samples, 0.99),
    requests: samples.length,
    cpuPerRequest: medianCpu(runs),
    poolSize: hasPoolSize(contender.name) ? poolSize : null,
  };
}

function medianCpu(runs: readonly MeasuredRun[]): CpuTime | null {
  const times = runs.flatMap(({ cpuPerRequest }) => (cpuPerRequest === null ? [] : [cpuPerRequest]));
  if (times.length === 0) return null;
  return { server: median(times.map(({ server }) => server)), postgres: median(times.map(({ postgres }) => postgres)) };
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withClient } from '@karmanflow/schema/testing';
import { startTemporaryCluster } from '../postgres/index.ts';
import type { BenchOptions } from './bench-options.ts';
import { scarceUnits } from './bench-stock.ts';
import { type BenchWorld, createBenchWorld } from './bench-world.ts';
import { setFlushDelay, singleCommitMilliseconds } from './flush-delay.ts';
import { type LoadGenerator, startLoadGenerator } from './load-generator.ts';
import { loadNow, machineNow } from './machine-fingerprint.ts';
import type { BenchReport, CheckedScenario } from './report.ts';
import { runScenario } from './run-scenario.ts';
import type { Runner } from './runner.ts';
import { type Scenario, scenarios } from './scenarios.ts';
import { startRunners } from './start-runners.ts';
import { verifyContender } from './verify-contender.ts';

// As durable as a service's database: a throw-away cluster's shortcuts would hide what a flush costs. Statistics are gathered as
// often as Postgres does by itself: at the pace of the embedded default a tenth of the machine went to it in each short run.
const clusterSettings = { shared_buffers: '512MB', autovacuum_naptime: '1min' };
const sellOutMilliseconds = 20_000;

type Log = (line: string) => void;

/** Runs the scenarios on a cluster of its own and returns what was measured and checked. */
export async function runBench(bench: BenchOptions, log: Log): Promise<BenchReport> {
  const loadBefore = loadNow();
  const chosen = scenarios.filter(({ name }) => bench.only.length === 0 || bench.only.includes(name));
  if (chosen.length === 0) throw new Error(`the scenarios are ${scenarios.map(({ name }) => name).join(', ')}`);
  const cluster = await startTemporaryCluster({ durable: true, settings: clusterSettings });
  const folder = await mkdtemp(join(tmpdir(), 'karmanflow-bench-'));
  try {
    const { adminUrl } = cluster;
    log(`making a tenant with ${bench.variants} SKUs`);
    const world = await createBenchWorld({ adminUrl, folder, variants: bench.variants });
    const load = startLoadGenerator({ apiKey: world.apiKey, locationId: world.stock.locationId });
    try {
      const measured = await withRunners({ bench, world, load, log }, (runners) =>
        runAll({ bench, world, adminUrl, runners, chosen, log }),
      );
      const postgres = await serverVersion(adminUrl);
      const { commitMilliseconds } = measured;
      const machine = { ...machineNow(), postgres, loadBefore, loadAfter: loadNow(), commitMilliseconds };
      return { machine, connections: bench.connections, scenarios: measured.scenarios };
    } finally {
      await load.stop();
    }
  } finally {
    await cluster.dispose();
    await rm(folder, { recursive: true, force: true });
  }
}

async function withRunners<T>(
  options: { bench: BenchOptions; world: BenchWorld; load: LoadGenerator; log: Log },
  work: (runners: readonly Runner[]) => Promise<T>,
): Promise<T> {
  const { bench, world, load, log } = options;
  const runners: Runner[] = [];
  try {
    await startRunners({ world, load, connections: bench.connections, root: bench.root, into: runners });
    for (const runner of runners) {
      log(`warming up ${runner.contender.name}`);
      await runner.run({ milliseconds: bench.warmUpMilliseconds, variantIds: world.stock.variantIds });
    }
    return await work(runners);
  } finally {
    for (const { contender } of runners) await contender.stop();
  }
}

interface Measured {
  readonly scenarios: CheckedScenario[];
  readonly commitMilliseconds: { readonly native: number; readonly delayed: number | null };
}

async function runAll(options: {
  readonly bench: BenchOptions;
  readonly world: BenchWorld;
  readonly adminUrl: string;
  readonly runners: readonly Runner[];
  readonly chosen: readonly Scenario[];
  readonly log: Log;
}): Promise<Measured> {
  const { adminUrl, runners, chosen, log } = options;
  const native = await singleCommitMilliseconds(adminUrl);
  log(`one commit takes ${native.toFixed(2)} ms`);
  let delayed: number | null = null;
  const checked: CheckedScenario[] = [];
  for (const scenario of chosen) {
    await setFlushDelay(adminUrl, scenario.flushDelayMicroseconds);
    if (scenario.flushDelayMicroseconds > 0 && delayed === null) {
      delayed = await singleCommitMilliseconds(adminUrl);
      log(`with commit_delay = ${scenario.flushDelayMicroseconds} it takes ${delayed.toFixed(2)} ms`);
    }
    log(`${scenario.name}: ${scenario.says}`);
    const result = await runScenario({ ...options, scenario });
    // Stock is sold out once, in the last scenario: it is a check, and leaves nothing to sell.
    if (scenario === chosen.at(-1)) for (const runner of runners) await sellOut(runner, options.world);
    checked.push({ ...result, ...(await check(runners)) });
  }
  return { scenarios: checked, commitMilliseconds: { native, delayed } };
}

async function check(runners: readonly Runner[]): Promise<Pick<CheckedScenario, 'problems' | 'receiptsVerified'>> {
  const problems: string[] = [];
  let receiptsVerified = 0;
  for (const runner of runners) {
    receiptsVerified += await verifyContender(runner);
    problems.push(...runner.takeProblems().map((problem) => `${runner.contender.name}: ${problem}`));
  }
  return { problems, receiptsVerified };
}

/** More demand than stock: exactly the stock is sold, and the rest is refused. */
async function sellOut(runner: Runner, world: BenchWorld): Promise<void> {
  const { statuses } = await runner.run({
    milliseconds: sellOutMilliseconds,
    variantIds: [world.stock.scarceVariantId],
    scarce: true,
    requestsMax: 2 * scarceUnits,
  });
  if (statuses['200'] === scarceUnits && statuses['409'] === scarceUnits) return;
  runner.addProblems([
    `of ${scarceUnits} scarce units, sold: ${statuses['200'] ?? 0}, refused: ${statuses['409'] ?? 0}`,
  ]);
}

function serverVersion(adminUrl: string): Promise<string> {
  return withClient(adminUrl, async (admin) => {
    const { rows } = await admin.query<{ server_version: string }>('SHOW server_version');
    return rows[0]?.server_version ?? 'unknown';
  });
}

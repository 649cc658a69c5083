import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApp } from '../local/index.ts';
import { openLocalSecrets } from '../local/local-secrets.ts';
import { logKeySecretName } from '../local/provision.ts';
import { startTemporaryCluster } from '../postgres/index.ts';
import { type BenchDatabase, type BenchWorld, createBenchWorld } from './bench-world.ts';
import { startOurs } from './contender.ts';
import { startLoadGenerator } from './load-generator.ts';
import { loadNow, machineNow } from './machine-fingerprint.ts';
import { Runner } from './runner.ts';
import { writeAtRate } from './sequencer-pace.ts';
import { databaseNow, drained, sequencerLag, type SequencerLag, wrongPositions } from './sequencer-lag.ts';
import { median } from './statistics.ts';
import { verifyContender } from './verify-contender.ts';

export interface SequencerBenchOptions {
  readonly connections: number;
  readonly repeats: number;
  readonly runMilliseconds: number;
  readonly variants: number;
}

export interface SequencerBenchReport {
  readonly machine: ReturnType<typeof machineNow> & { readonly loadBefore: number; readonly loadAfter: number };
  /** Commands a second of each run, in the order in which they ran, one beside the other. */
  readonly without: readonly number[];
  readonly with: readonly number[];
  /** The part of the write path's throughput that the sequencer costs. */
  readonly lostShare: number;
  readonly lags: readonly SequencerLag[];
  /** What the sequencer keeps up with where receipts are written without the API. */
  readonly paced: { readonly perSecond: number; readonly lag: SequencerLag };
  readonly problems: readonly string[];
}

/** What the issue of the sequencer asks it to keep up with, and for how long it is tried. */
const wantedPerSecond = 5_000;
const pacedMilliseconds = 10_000;

// As durable as a service's database. The times of commits are what lags are read from; both sides pay for noting them.
const clusterSettings = { shared_buffers: '512MB', track_commit_timestamp: 'on' };

/**
 * The write path with the sequencer and without it, in turns: two databases, a console API on each, a worker on one. A run
 * without begins when everything of the run with it before is published, so that no work is carried over.
 */
export async function runSequencerBench(
  options: SequencerBenchOptions,
  log: (line: string) => void,
): Promise<SequencerBenchReport> {
  const loadBefore = loadNow();
  const cluster = await startTemporaryCluster({ durable: true, settings: clusterSettings });
  const folder = await mkdtemp(join(tmpdir(), 'karmanflow-bench-'));
  const stops: (() => Promise<void>)[] = [];
  try {
    log(`making a tenant with ${options.variants} SKUs`);
    const world = await createBenchWorld({ adminUrl: cluster.adminUrl, folder, variants: options.variants });
    const load = startLoadGenerator({ apiKey: world.apiKey, locationId: world.stock.locationId });
    stops.push(() => load.stop());
    const runnerOf = async (name: string): Promise<Runner> => {
      const contender = await startOurs({ database: await world.clone(name) });
      stops.push(() => contender.stop());
      return new Runner(contender, { load, connections: options.connections });
    };
    const plain = await runnerOf('kf_bench_plain');
    const sequenced = await runnerOf('kf_bench_sequenced');
    stops.push(await startSequencer(sequenced.contender.database, folder));
    for (const runner of [plain, sequenced]) {
      log(`warming up ${runner.contender.database.name}`);
      await runner.run({ milliseconds: 8_000, variantIds: world.stock.variantIds });
    }
    const measured = await measure({ plain, sequenced, world, options, log });
    const problems = [...(await problemsOf(plain)), ...(await problemsOf(sequenced))];
    // Last, since what it writes is no history that verifies.
    const paced = await measurePaced(sequenced.contender.database, log);
    const wrong = await wrongPositions(sequenced.contender.database.adminUrl);
    problems.push(...wrong.problems);
    const lostShare = 1 - median(measured.with) / median(measured.without);
    return { ...measured, paced, lostShare, problems, machine: { ...machineNow(), loadBefore, loadAfter: loadNow() } };
  } finally {
    for (const stop of stops.toReversed()) await stop();
    await cluster.dispose();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The worker's own process, as it is deployed, with an archive in a folder. */
async function startSequencer(database: BenchDatabase, folder: string): Promise<() => Promise<void>> {
  const template = openLocalSecrets(join(folder, 'template', 'secrets'));
  const secrets = openLocalSecrets(database.secretsDirectory);
  await secrets.write(logKeySecretName, (await template.read(logKeySecretName)) ?? '');
  const worker = await startApp({
    app: 'worker',
    secretsDirectory: database.secretsDirectory,
    environment: { KF_LOG_LEVEL: 'warn' },
  });
  return () => worker.stop();
}

async function measure(input: {
  readonly plain: Runner;
  readonly sequenced: Runner;
  readonly world: BenchWorld;
  readonly options: SequencerBenchOptions;
  readonly log: (line: string) => void;
}): Promise<Pick<SequencerBenchReport, 'without' | 'with' | 'lags'>> {
  const { plain, sequenced, world, options, log } = input;
  const { adminUrl } = sequenced.contender.database;
  const order = { milliseconds: options.runMilliseconds, variantIds: world.stock.variantIds };
  const rates = { without: [] as number[], with: [] as number[] };
  const lags: SequencerLag[] = [];
  for (let turn = 1; turn <= options.repeats; turn += 1) {
    await drained(adminUrl);
    const { perSecond: without } = await plain.run(order);
    rates.without.push(without);
    const since = await databaseNow(adminUrl);
    const { perSecond } = await sequenced.run(order);
    rates.with.push(perSecond);
    await drained(adminUrl);
    const lag = await sequencerLag({ adminUrl, since });
    lags.push(lag);
    log(`turn ${turn}: ${Math.round(without)}/s without, ${Math.round(perSecond)}/s with; in sequence ${lagText(lag)}`);
  }
  return { ...rates, lags };
}

async function measurePaced(
  { adminUrl }: BenchDatabase,
  log: (line: string) => void,
): Promise<SequencerBenchReport['paced']> {
  await drained(adminUrl);
  const since = await databaseNow(adminUrl);
  const perSecond = await writeAtRate({ adminUrl, perSecond: wantedPerSecond, milliseconds: pacedMilliseconds });
  await drained(adminUrl);
  const lag = await sequencerLag({ adminUrl, since });
  log(`written straight at ${Math.round(perSecond)}/s; in sequence ${lagText(lag)}`);
  return { perSecond, lag };
}

function lagText({ inSequence, provable }: SequencerLag): string {
  return `p50 ${Math.round(inSequence.p50)} ms, p99 ${Math.round(inSequence.p99)} ms; provable p99 ${Math.round(provable.p99)} ms`;
}

async function problemsOf(runner: Runner): Promise<readonly string[]> {
  const { name, adminUrl } = runner.contender.database;
  await verifyContender(runner);
  const problems = runner.takeProblems();
  const wrong = await wrongPositions(adminUrl);
  // Where positions are given nothing is left in the queue, which is what the comparison with the peers counts.
  const isSequenced = wrong.leaves > 0;
  return [
    ...problems.filter((problem) => !isSequenced || !problem.startsWith('pending:')),
    ...(isSequenced ? wrong.problems : []),
  ].map((problem) => `${name}: ${problem}`);
}

/** The report in words. */
export function formatSequencerReport(report: SequencerBenchReport): string {
  const { machine, lostShare, lags } = report;
  const rate = (values: readonly number[]): string =>
    `${Math.round(median(values))}/s (${values.map(Math.round).join(', ')})`;
  const worst = (pick: (lag: SequencerLag) => number): string => `${Math.round(Math.max(...lags.map(pick)))} ms`;
  return [
    `${machine.cpu}, ${machine.cores} cores, load ${machine.loadBefore} before and ${machine.loadAfter} after`,
    `commands without the sequencer  ${rate(report.without)}`,
    `commands with the sequencer     ${rate(report.with)}`,
    `lost                            ${(lostShare * 100).toFixed(1)} % (not more than a third is wanted)`,
    `commit to readable in sequence  p50 ${worst((lag) => lag.inSequence.p50)}, p99 ${worst((lag) => lag.inSequence.p99)}, most ${worst((lag) => lag.inSequence.max)} (worst turn; p99 of 300 ms is wanted)`,
    `written straight, ${Math.round(report.paced.perSecond)}/s      in sequence ${lagText(report.paced.lag)}`,
    `commit to provable              p50 ${worst((lag) => lag.provable.p50)}, p99 ${worst((lag) => lag.provable.p99)} (worst turn)`,
    ...report.problems.map((problem) => `WRONG: ${problem}`),
  ].join('\n');
}

import type { MachineFingerprint } from '../machine-fingerprint.ts';
import { median } from '../statistics.ts';

/** What a contender did once. */
export interface StreamRun {
  readonly done: number;
  readonly milliseconds: number;
  /** Processor time of this process, in microseconds; the database's is not in it. */
  readonly cpuMicroseconds: number;
  /** What it should have done and did not; 0 unless it loses some. */
  readonly missing: number;
}

export interface StreamContender {
  readonly name: string;
  /** What one operation of it includes. */
  readonly includes: string;
  readonly run: () => Promise<StreamRun>;
}

export interface StreamScenario {
  readonly name: string;
  readonly unit: string;
  readonly contenders: readonly StreamContender[];
}

export interface StreamResult {
  readonly scenario: StreamScenario;
  readonly runs: ReadonlyMap<string, readonly StreamRun[]>;
}

/** Runs `work` and measures it. `wanted` is how much it has to do. */
export async function measured(wanted: number, work: () => Promise<number>): Promise<StreamRun> {
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const done = await work();
  const milliseconds = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { done, milliseconds, cpuMicroseconds: user + system, missing: wanted - done };
}

interface Figures {
  readonly name: string;
  readonly perSecond: { readonly median: number; readonly min: number; readonly max: number };
  readonly cpuMicroseconds: number;
  readonly missing: number;
  /** How many times the rate of a peer ours is, which comes first; null for ours. */
  readonly ratio: number | null;
}

export function figuresOf({ scenario, runs }: StreamResult): Figures[] {
  const figures = scenario.contenders.map(({ name }) => {
    const list = runs.get(name) ?? [];
    const rates = list.map(({ done, milliseconds }) => (done / milliseconds) * 1000);
    return {
      name,
      perSecond: { median: median(rates), min: Math.min(...rates), max: Math.max(...rates) },
      cpuMicroseconds: median(list.map(({ done, cpuMicroseconds }) => cpuMicroseconds / done)),
      missing: list.reduce((sum, { missing }) => sum + missing, 0),
    };
  });
  const ours = figures[0]?.perSecond.median ?? Number.NaN;
  const isOurs = (name: string): boolean => name.startsWith('ours');
  return figures.map((one) => ({ ...one, ratio: isOurs(one.name) ? null : ours / one.perSecond.median }));
}

type Machine = Omit<MachineFingerprint, 'commitMilliseconds'>;

export function formatStreamReport(results: readonly StreamResult[], machine: Machine): string {
  const rows = results.flatMap((result) =>
    figuresOf(result).map(({ name, perSecond, cpuMicroseconds, missing, ratio }, at) => [
      at === 0 ? result.scenario.name : '',
      name,
      `${perSecond.median.toFixed(0)} ${result.scenario.unit}/s`,
      `${perSecond.min.toFixed(0)}-${perSecond.max.toFixed(0)}`,
      ratio === null ? '' : `${ratio.toFixed(2)}x`,
      cpuMicroseconds.toFixed(0),
      missing === 0 ? '' : `${missing} missing`,
    ]),
  );
  const table = [['scenario', 'contender', 'rate', 'min-max', 'ours/peer', 'cpu us', ''], ...rows];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = table.map((row) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  const includes = results.flatMap(({ scenario }) =>
    scenario.contenders.map((contender) => `${scenario.name}, ${contender.name}: ${contender.includes}`),
  );
  return [
    ...lines,
    '',
    ...includes,
    '',
    'everything on one machine, each contender in a database of its own of one durable cluster, in turn; medians of the repetitions',
    'cpu us: processor time of the client process for one operation, without the database',
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGigabytes} GB, ${machine.system}, Bun ${machine.bun}, Postgres ${machine.postgres}`,
    `load average ${machine.loadBefore} before, ${machine.loadAfter} after`,
  ].join('\n');
}

/** The line for machines. */
export function streamReportJson(results: readonly StreamResult[], machine: Machine): string {
  const scenarios = results.map((result) => ({ name: result.scenario.name, contenders: figuresOf(result) }));
  return JSON.stringify({ machine, scenarios });
}

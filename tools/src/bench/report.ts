import type { MachineFingerprint } from './machine-fingerprint.ts';
import type { ContenderResult, ScenarioResult } from './run-scenario.ts';

/** A scenario with what was found wrong afterwards, in words; nothing when all is as it should be. */
export interface CheckedScenario extends ScenarioResult {
  readonly problems: readonly string[];
  readonly receiptsVerified: number;
}

export interface BenchReport {
  readonly machine: MachineFingerprint;
  readonly connections: number;
  readonly scenarios: readonly CheckedScenario[];
}

/** What one operation of each contender includes, so that nobody compares apples with oranges. */
export const includes = [
  'ours       the console API: key, policy, validation, idempotency, signed receipt, hashed event, group commit',
  'function   one PL/pgSQL call for each command: same rows and row security; no key, policy, hash or signature',
  'function-8 the same function called through a pool of 8 connections, as ours has; the other has the best pool for each scenario',
  'kysely     one Kysely transaction for each command: same rows and row security; no key, policy, hash or signature',
  'limit      what the machine allows: all that wait in one set-based call; same rows and row security, and nothing else',
] as const;

/** How many times the median of ours is that of a peer; null for ours. */
export function ratioOf(result: ScenarioResult, peer: ContenderResult): number | null {
  const ours = result.contenders.find(({ name }) => name === 'ours');
  if (!ours || peer.name === 'ours') return null;
  return ours.perSecond.median / peer.perSecond.median;
}

/** How many times the processor time of ours a peer's request takes: the same question, without the neighbours' noise. */
export function cpuRatioOf(result: ScenarioResult, peer: ContenderResult): number | null {
  const ours = result.contenders.find(({ name }) => name === 'ours')?.cpuPerRequest;
  if (!ours || !peer.cpuPerRequest || peer.name === 'ours') return null;
  return (peer.cpuPerRequest.server + peer.cpuPerRequest.postgres) / (ours.server + ours.postgres);
}

const headings = [
  'scenario',
  'contender',
  'requests/s',
  'min-max',
  'ours/peer',
  'target',
  'p50 ms',
  'p99 ms',
  'cpu us',
  'pool',
];

/** The table for people. */
export function formatReport(report: BenchReport): string {
  const { machine } = report;
  const rows = report.scenarios.flatMap((result) =>
    result.contenders.map((contender, index) => rowOf({ result, contender, first: index === 0 })),
  );
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ');
  const checked = report.scenarios.map(({ scenario, problems, receiptsVerified }) =>
    problems.length === 0
      ? `${scenario.name}: counts, sums and stock agree for every contender; ${receiptsVerified} receipts verify`
      : [`${scenario.name}: VERIFICATION FAILED`, ...problems.map((problem) => `  ${problem}`)].join('\n'),
  );
  const { native, delayed } = machine.commitMilliseconds;
  const neighbours = report.scenarios.flatMap(({ neighbourShare }) => neighbourShare ?? []);
  const stolen = report.scenarios.flatMap(({ stolenShare }) => stolenShare ?? []);
  return [
    line(headings),
    ...rows.map(line),
    '',
    ...includes,
    '',
    ...checked,
    '',
    `${report.connections} connections in a closed loop, everything on one machine; medians of interleaved runs`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGigabytes} GB, ${machine.system}, Bun ${machine.bun}, Postgres ${machine.postgres}`,
    `one commit: ${native.toFixed(2)} ms${delayed === null ? '' : `, with the longer flush ${delayed.toFixed(2)} ms`}; ` +
      `load average ${machine.loadBefore} before, ${machine.loadAfter} after`,
    ...(neighbours.length === 0 ? [] : [neighboursSay(Math.max(...neighbours))]),
    ...(stolen.length === 0 ? [] : [hostSays(Math.max(...stolen))]),
  ].join('\n');
}

/** A contender with many processes gets more of a busy machine than one with few, so that rates then say little. */
function neighboursSay(share: number): string {
  const verdict = share > shareMax ? ': too much for the rates to be trusted, read the processor times' : '';
  // What is left of the machine's time is reckoned from clocks of their own, and may come out a little below nothing.
  return `other programs took up to ${percentOf(Math.max(share, 0))} of the processors meanwhile${verdict}`;
}

/** What shares its processors with other machines is also slower while it runs: then processor times grow as well. */
function hostSays(share: number): string {
  const verdict = share > shareMax ? ': too much for these numbers to be trusted, come back when it is quiet' : '';
  return `the host gave up to ${percentOf(share)} of the processors to other machines meanwhile${verdict}`;
}

const shareMax = 0.15;

function percentOf(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

function rowOf(row: { result: ScenarioResult; contender: ContenderResult; first: boolean }): string[] {
  const { result, contender, first } = row;
  const ratio = ratioOf(result, contender);
  const target = result.scenario.targets[contender.name];
  const { median, min, max } = contender.perSecond;
  return [
    first ? result.scenario.name : '',
    contender.name,
    median.toFixed(0),
    `${min.toFixed(0)}-${max.toFixed(0)}`,
    times(ratio),
    target === undefined ? '' : verdictOn({ result, contender, ratio, target }),
    contender.p50.toFixed(2),
    contender.p99.toFixed(2),
    cpuOf(contender),
    times(cpuRatioOf(result, contender)),
    contender.poolSize === null ? '' : String(contender.poolSize),
  ];
}

/** Where a target is missed, what `limit` does beside the peer is the answer to whether it could be met on this machine. */
function verdictOn(row: {
  result: ScenarioResult;
  contender: ContenderResult;
  ratio: number | null;
  target: number;
}): string {
  const { result, contender, ratio, target } = row;
  if (ratio !== null && ratio >= target) return `${target}x met`;
  const limit = result.contenders.find(({ name }) => name === 'limit');
  if (!limit) return `${target}x missed`;
  return `${target}x missed, limit ${times(limit.perSecond.median / contender.perSecond.median)}`;
}

function times(ratio: number | null): string {
  return ratio === null ? '' : `${ratio.toFixed(2)}x`;
}

/** Processor time of one request: of the server, and of its database connections. */
function cpuOf({ cpuPerRequest }: ContenderResult): string {
  return cpuPerRequest === null ? '' : `${cpuPerRequest.server.toFixed(0)}+${cpuPerRequest.postgres.toFixed(0)}`;
}

/** The line for machines. */
export function reportJson(report: BenchReport): string {
  return JSON.stringify({
    machine: report.machine,
    connections: report.connections,
    scenarios: report.scenarios.map((result) => ({
      name: result.scenario.name,
      verified: result.problems.length === 0,
      problems: result.problems,
      receiptsVerified: result.receiptsVerified,
      neighbourShare: result.neighbourShare,
      stolenShare: result.stolenShare,
      contenders: result.contenders.map((contender) => ({
        ...contender,
        ratio: ratioOf(result, contender),
        cpuRatio: cpuRatioOf(result, contender),
        target: result.scenario.targets[contender.name] ?? null,
      })),
    })),
  });
}

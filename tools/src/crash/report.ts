import type { FaultCounts } from './nemesis.ts';
import type { LoadCounts } from './load.ts';

/** One line of the table at the end. */
export interface ReportLine {
  readonly name: string;
  readonly isPassed: boolean;
  /** What was looked at, in words. */
  readonly detail: string;
  readonly problems: readonly string[];
}

const problemsShown = 5;
const nameWidth = 64;

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** The state of the load in one line. */
export function progressLine(state: { seconds: number; load: LoadCounts; faults: FaultCounts }): string {
  const { receipt, rejected, nothing_done: nothingDone, unknown, read } = state.load;
  const hits = [...state.faults.values()].map(({ hit }) => hit);
  const kinds = `${hits.filter((hit) => hit > 0).length} of ${hits.length} kinds`;
  const faults = `${hits.reduce((sum, hit) => sum + hit, 0)} faults hit (${kinds})`;
  const load = `${receipt} receipts, ${rejected} rejected, ${nothingDone} not done, ${unknown} unknown, ${read} reads`;
  return `${state.seconds.toFixed(0).padStart(4)} s  ${load}; ${faults}`;
}

/** Prints the lines, the problems below each that failed, and last the counts. */
export function printTable(lines: readonly ReportLine[]): void {
  for (const { name, isPassed, detail, problems } of lines) {
    print(`${isPassed ? 'ok    ' : 'FAILED'} ${name.padEnd(nameWidth)} ${detail}`);
    for (const problem of problems.slice(0, problemsShown)) print(`         ${problem}`);
    if (problems.length > problemsShown) print(`         and ${problems.length - problemsShown} more`);
  }
}

export function countsLine(lines: readonly ReportLine[]): string {
  const failed = lines.filter(({ isPassed }) => !isPassed).length;
  return `${lines.length - failed} passed, ${failed} failed`;
}

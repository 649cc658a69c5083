import { parseArgs } from 'node:util';
import { benchIngest, type IngestRun } from './ingest-bench.ts';
import { benchVerification, type VerificationResult } from './ingest-verification.ts';
import { loadNow, machineNow } from './machine-fingerprint.ts';

/**
 * bun run bench -- ingest [--quick] [--seconds <n>] [--json]: how many messages ingest acknowledges, and what verifying one
 * costs beside the libraries of npm. A message that was acknowledged and had no effect fails the bench; no number does.
 */
export async function reportIngest(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      seconds: { type: 'string' },
    },
  });
  const seconds = Number(values.seconds ?? (values.quick ? '2' : '6'));
  if (!(seconds >= 0.2 && seconds <= 60)) throw new Error('--seconds is a number from 0.2 to 60');

  const loadBefore = loadNow();
  const verification = await benchVerification({
    milliseconds: values.quick ? 100 : 400,
    rounds: values.quick ? 2 : 5,
  });
  const ingest = await benchIngest({ milliseconds: seconds * 1000, log: (line) => process.stderr.write(`${line}\n`) });
  const machine = { ...machineNow(), loadBefore, loadAfter: loadNow() };

  const columns = (cells: readonly (string | number)[]): string =>
    cells.map((cell, at) => (at === 0 ? String(cell).padEnd(30) : String(cell).padStart(12))).join('');
  const ofVerification = ({ name, ours, theirs }: VerificationResult): string =>
    columns([name, ours.toFixed(0), theirs.toFixed(0), `${(ours / theirs).toFixed(2)}x`]);
  const ofRun = ({ name, perSecond, p50, p99, answers }: IngestRun): string =>
    columns([name, perSecond.toFixed(0), p50.toFixed(2), p99.toFixed(2), answers]);

  process.stdout.write(
    `${[
      columns(['verification, 1 KB, a second', 'ours', 'library', 'ratio']),
      ...verification.map(ofVerification),
      '',
      columns(['acknowledgements', 'a second', 'p50 ms', 'p99 ms', 'answers']),
      ...ingest.runs.map(ofRun),
      '',
      `${ingest.effects} acknowledged orders have one reservation each; everything on one machine, durable commits`,
      `${machine.cpu}, ${machine.cores} cores, Bun ${machine.bun}; load average ${machine.loadBefore} before, ${machine.loadAfter} after`,
    ].join('\n')}\n`,
  );
  if (values.json) process.stdout.write(`${JSON.stringify({ machine, verification, ...ingest })}\n`);
  for (const problem of ingest.problems) process.stderr.write(`${problem}\n`);
  process.exitCode = ingest.problems.length === 0 ? 0 : 1;
}

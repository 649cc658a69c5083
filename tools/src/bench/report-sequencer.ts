import { parseArgs } from 'node:util';
import { formatSequencerReport, runSequencerBench } from './sequencer-bench.ts';

/**
 * bun run bench -- sequencer [--connections <n>] [--repeats <n>] [--seconds <n>] [--json]: what the sequencer takes from the
 * write path, and how soon what was committed is read in sequence.
 */
export async function reportSequencer(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      connections: { type: 'string', default: '64' },
      repeats: { type: 'string', default: '4' },
      seconds: { type: 'string', default: '5' },
      json: { type: 'boolean', default: false },
    },
  });

  const report = await runSequencerBench(
    {
      connections: numberOf(values.connections, { min: 1, max: 512 }),
      repeats: numberOf(values.repeats, { min: 1, max: 50 }),
      runMilliseconds: numberOf(values.seconds, { min: 0.2, max: 60 }) * 1000,
      variants: 10_000,
    },
    (line) => process.stderr.write(`${line}\n`),
  );
  process.stdout.write(`${formatSequencerReport(report)}\n`);
  if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  // Numbers depend on the machine and never fail; what is wrong in the database does.
  process.exitCode = report.problems.length === 0 ? 0 : 1;
}

function numberOf(text: string, range: { readonly min: number; readonly max: number }): number {
  const number = Number(text);
  if (!(number >= range.min && number <= range.max))
    throw new Error(`${text} is not from ${range.min} to ${range.max}`);
  return number;
}

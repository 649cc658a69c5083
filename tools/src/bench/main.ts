import { benchOptions } from './bench-options.ts';
import { reportDelivery } from './report-delivery.ts';
import { reportIngest } from './report-ingest.ts';
import { reportSequencer } from './report-sequencer.ts';
import { formatReport, reportJson } from './report.ts';
import { runBench } from './run-bench.ts';
import { benchStream } from './stream/bench-stream.ts';
import { isUsageError } from './usage-error.ts';

async function benchWritePath(argv: readonly string[]): Promise<void> {
  const bench = benchOptions(argv);
  const report = await runBench(bench, (line) => process.stderr.write(`${line}\n`));
  process.stdout.write(`${formatReport(report)}\n`);
  if (bench.json) process.stdout.write(`${reportJson(report)}\n`);
  // Numbers never fail the bench, since they depend on the machine. Lost, oversold or unattested stock does.
  process.exitCode = report.scenarios.every(({ problems }) => problems.length === 0) ? 0 : 1;
}

/** Without the name of one it is the write path that is measured. */
const benches: Readonly<Record<string, (argv: readonly string[]) => Promise<void>>> = {
  delivery: reportDelivery,
  ingest: reportIngest,
  sequencer: reportSequencer,
  stream: benchStream,
};

const argv = process.argv.slice(2);
const bench = benches[argv[0] ?? ''];
try {
  await (bench ? bench(argv.slice(1)) : benchWritePath(argv));
} catch (error) {
  if (!isUsageError(error)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}

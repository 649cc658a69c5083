import { runStreamBench } from './run-stream-bench.ts';
import { streamBenchOptions } from './stream-options.ts';

/** bun run bench -- stream: appending, catching up and working off jobs, beside an event store and a job queue. */
export async function benchStream(argv: readonly string[]): Promise<void> {
  const bench = streamBenchOptions(argv);
  const report = await runStreamBench(bench, (line) => process.stderr.write(`${line}\n`));
  process.stdout.write(`${report.text}\n`);
  if (bench.json) process.stdout.write(`${report.json}\n`);
  // Numbers never fail the bench, since they depend on the machine. What ours left undone does.
  process.exitCode = report.isComplete ? 0 : 1;
}

import { benchOptions } from './bench-options.ts';
import { formatReport, reportJson } from './report.ts';
import { runBench } from './run-bench.ts';
import { benchStream } from './stream/bench-stream.ts';

async function benchWritePath(argv: readonly string[]): Promise<void> {
  const bench = benchOptions(argv);
  const report = await runBench(bench, (line) => process.stderr.write(`${line}\n`));
  process.stdout.write(`${formatReport(report)}\n`);
  if (bench.json) process.stdout.write(`${reportJson(report)}\n`);
  // Numbers never fail the bench, since they depend on the machine. Lost, oversold or unattested stock does.
  process.exitCode = report.scenarios.every(({ problems }) => problems.length === 0) ? 0 : 1;
}

const argv = process.argv.slice(2);
await (argv[0] === 'stream' ? benchStream(argv.slice(1)) : benchWritePath(argv));

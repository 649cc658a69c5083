import { parseArgs } from 'node:util';
import { benchDelivery, type DrainRun, type LatencyRun } from './delivery-bench.ts';
import { loadNow, machineNow } from './machine-fingerprint.ts';

/**
 * bun run bench -- delivery [--quick] [--json]: how many webhooks the worker delivers a second, how soon each is there, and
 * what a tenant whose endpoints never answer changes for the others. Numbers never fail the bench, since they depend on the
 * machine; a delivery that is lost, or comes twice though nothing failed, does.
 */
export async function reportDelivery(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
  });
  const loadBefore = loadNow();
  const bench = await benchDelivery({
    events: values.quick ? 2_000 : 8_000,
    milliseconds: values.quick ? 3_000 : 8_000,
    rounds: values.quick ? 2 : 5,
    log: (line) => process.stderr.write(`${line}\n`),
  });
  const machine = { ...machineNow(), loadBefore, loadAfter: loadNow() };

  const columns = (cells: readonly (string | number)[]): string =>
    cells.map((cell, at) => (at === 0 ? String(cell).padEnd(42) : String(cell).padStart(12))).join('');
  const ofDrain = ({ name, perSecond, deliveries }: DrainRun): string =>
    columns([name, perSecond.toFixed(0), deliveries]);
  const ofLatency = (name: string, { p50, p99, deliveries }: LatencyRun): string =>
    columns([name, p50.toFixed(1), p99.toFixed(1), deliveries]);

  process.stdout.write(
    `${[
      columns(['deliveries, ordered by entity', 'a second', 'deliveries']),
      ...bench.drains.map(ofDrain),
      '',
      columns(['from commit to arrival', 'p50 ms', 'p99 ms', 'deliveries']),
      ofLatency('alone', bench.alone),
      ofLatency('beside 20 endpoints that never answer', bench.besideSlow),
      `p99 beside them / alone, median of the rounds: ${bench.p99Ratio.toFixed(2)}`,
      '',
      'one worker, receiver, load and Postgres on one machine, durable commits, a connection for each delivery',
      `${machine.cpu}, ${machine.cores} cores, Bun ${machine.bun}; load average ${machine.loadBefore} before, ${machine.loadAfter} after`,
    ].join('\n')}\n`,
  );
  if (values.json) process.stdout.write(`${JSON.stringify({ machine, ...bench })}\n`);
  for (const problem of bench.problems) process.stderr.write(`${problem}\n`);
  process.exitCode = bench.problems.length === 0 ? 0 : 1;
}

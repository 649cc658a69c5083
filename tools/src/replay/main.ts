import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkTotals } from './check-totals.ts';
import { createCommandClient } from './command-client.ts';
import { expectedTotals } from './expected-totals.ts';
import { createProgress } from './progress.ts';
import { replayOrders } from './replay-orders.ts';

/**
 * bun run replay -- <orders.csv[.gz]> [--url http://…] [--key kf_…]
 *
 * Without --url and --key it uses the sandbox of a running `bun run up`. Exit code 1 when the totals do not agree.
 */
const usage = 'usage: bun run replay -- <orders.csv or orders.csv.gz> [--url <console-api>] [--key <API key>]';

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

async function connection(given: {
  url?: string | undefined;
  key?: string | undefined;
}): Promise<{ url: string; apiKey: string }> {
  const demo = Bun.file(join(import.meta.dir, '../../../.karmanflow/demo.json'));
  const apiKey =
    given.key ?? process.env['KF_API_KEY'] ?? ((await demo.exists()) ? (await demo.json()).keys.sandbox : null);
  const url = given.url ?? `http://127.0.0.1:${process.env['KF_CONSOLE_API_PORT'] ?? '4000'}`;
  if (typeof apiKey !== 'string') fail('no API key: start `bun run up` in another terminal, or pass --key and --url');
  const alive = await fetch(`${url}/readyz`)
    .then((response) => response.ok)
    .catch(() => false);
  if (!alive) fail(`nothing is ready at ${url}: start \`bun run up\` in another terminal, or pass --url`);
  return { url, apiKey };
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    args: process.argv.slice(2).filter((argument) => argument !== '--'),
    options: { url: { type: 'string' }, key: { type: 'string' } },
    allowPositionals: true,
  });
  const [path] = positionals;
  if (!path) fail(usage);
  if (!existsSync(path)) fail(`${path} does not exist: nothing was replayed`);
  const bytes = new Uint8Array(await Bun.file(path).arrayBuffer());
  const fileName = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  const client = await createCommandClient(await connection(values));
  const expected = await expectedTotals(path);
  const lines =
    (path.endsWith('.gz') ? Bun.gunzipSync(bytes) : bytes).reduce((sum, byte) => sum + (byte === 10 ? 1 : 0), 0) - 1;

  const progress = createProgress({ total: lines, label: basename(path), now: () => performance.now() });
  const startedAt = performance.now();
  const report = await replayOrders({ path, client, fileName, expected, onProgress: (done) => progress.show(done) });
  progress.end();
  const seconds = (performance.now() - startedAt) / 1000;
  const check = await checkTotals({ client, report, expected });

  const reasons = new Map<string, number>();
  for (const { line, reason } of report.reported) {
    const group = reason.replace(/ \{.*/s, '');
    reasons.set(group, (reasons.get(group) ?? 0) + 1);
    process.stdout.write(`line ${line}: ${reason}\n`);
  }
  const rows: [string, string | number][] = [
    ['lines read', report.lines],
    ['sold: reserved and committed', `${report.saleLines} lines, ${report.soldUnits} units`],
    ['returned: restocked', `${report.returnLines} lines, ${report.returnedUnits} units`],
    ['written off', `${report.writeOffLines} lines, ${report.writtenOffUnits} units`],
    ['reported and left out', `${report.reported.length} lines`],
    ...[...reasons].map(([reason, count]): [string, number] => [`  ${reason}`, count]),
    [
      'commands',
      `${client.counts.sent} sent, ${client.counts.replayed} had been done before, ${client.counts.repeated} repeated`,
    ],
    ['receipts', `${client.counts.receiptsVerified} of ${client.counts.sent} verified`],
    ['time', `${seconds.toFixed(1)} s, ${Math.round(client.counts.sent / seconds)} commands/s`],
    ['on hand now', `${check.onHandUnits} units`],
    ['reserved now', `${check.reservedUnits} units`],
    [
      'totals',
      check.differences.length === 0
        ? `agree with the file for all ${check.skusCompared} SKUs`
        : `${check.differences.length} SKUs DIFFER`,
    ],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  process.stdout.write(`\n${rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n')}\n`);
  for (const difference of check.differences.slice(0, 50)) process.stdout.write(`DIFFERENT ${difference}\n`);
  return check.differences.length === 0 && client.counts.receiptsVerified >= client.counts.sent ? 0 : 1;
}

process.exit(await main());

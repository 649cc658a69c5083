import { resolve } from 'node:path';
import { splitLines, verifyBundle } from '@karmanflow/receipts';
import { explainPolicy } from '../verify-bundle-file.ts';
import { keySet, logKey } from '../testing/sample-bundle.ts';

// Usage: bun tools/src/verify/bench/measure-verify.ts [receipts]. How fast a bundle is verified, and in how much memory; the
// bundle is made by another process while it is read, so that no disk has to hold it.

const count = Number(process.argv[2] ?? 100_000);
const megabyte = 2 ** 20;
const reports = 10;

const child = Bun.spawn([process.execPath, resolve(import.meta.dir, 'write-long-bundle.ts'), String(count)], {
  stdout: 'pipe',
  stderr: 'inherit',
});
let bytes = 0;
let largest = 0;
const startedAt = performance.now();
const cpuBefore = process.cpuUsage();

async function* pieces(): AsyncGenerator<Uint8Array> {
  for await (const piece of child.stdout) {
    bytes += piece.length;
    yield piece;
  }
}

async function* lines(): AsyncGenerator<string> {
  let receipts = 0;
  for await (const line of splitLines(pieces())) {
    if (line.startsWith('{"kind":"receipt"')) {
      receipts += 1;
      if (receipts % Math.ceil(count / reports) === 0) report(receipts);
    }
    yield line;
  }
}

function report(receipts: number): void {
  const rss = process.memoryUsage().rss / megabyte;
  largest = Math.max(largest, rss);
  const { user, system } = process.cpuUsage(cpuBefore);
  const [seconds, cpuSeconds] = [(performance.now() - startedAt) / 1000, (user + system) / 1e6];
  console.log(
    `${String(receipts).padStart(9)} receipts  ${seconds.toFixed(1).padStart(6)} s  ${Math.round(receipts / seconds)} a second ` +
      `(${Math.round(receipts / cpuSeconds)} a second of processor time)  ${rss.toFixed(0)} MiB resident, ${(bytes / megabyte).toFixed(0)} MiB read`,
  );
}

const verified = await verifyBundle({
  lines: lines(),
  trust: { receiptKeys: keySet, logKeys: [logKey] },
  explainPolicy,
});
const { receipts, events, checkpoints, policies } = verified.summary;
console.log(
  `${verified.ok ? 'holds' : 'does not hold'}: ${receipts} receipts, ${events} events, ${policies} decisions, ${checkpoints} checkpoints; at most ${largest.toFixed(0)} MiB resident`,
);
process.exitCode = verified.ok && receipts === count ? 0 : 1;

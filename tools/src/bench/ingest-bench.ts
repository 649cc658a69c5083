import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withClient } from '@karmanflow/schema/testing';
import { provision, seedDemo, startApp } from '../local/index.ts';
import { demoChannels, demoLocations, demoVariants } from '../local/demo-plan.ts';
import { openLocalSecrets } from '../local/local-secrets.ts';
import { startTemporaryCluster } from '../postgres/index.ts';
import type { IngestLoad, IngestLoadResult } from './ingest-load.ts';
import { merged, percentile } from './statistics.ts';

export interface IngestRun {
  readonly name: string;
  /** Answers within the time, a second. */
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly answers: number;
}

export interface IngestBench {
  readonly runs: readonly IngestRun[];
  /** Orders that were acknowledged as accepted, and that have exactly one reservation. */
  readonly effects: number;
  readonly problems: readonly string[];
}

const clusterSettings = { shared_buffers: '256MB' };
const warmUpMilliseconds = 3_000;
const manyMessages = 10_000_000;
const repeatedMessages = 100;
const onHand = 1_000_000;

/** Messages to the real process of ingest, over a durable cluster, from a process of its own. */
export async function benchIngest(bench: {
  readonly milliseconds: number;
  readonly log: (line: string) => void;
}): Promise<IngestBench> {
  const { milliseconds, log } = bench;
  const cluster = await startTemporaryCluster({ durable: true, settings: clusterSettings });
  const folder = await mkdtemp(join(tmpdir(), 'karmanflow-ingest-bench-'));
  try {
    const { adminUrl } = cluster;
    const secretsDirectory = join(folder, 'secrets');
    const demo = await seedDemo({ provisioned: await provision({ adminUrl, secretsDirectory }) });
    await makeRoom(adminUrl);
    const { address, secretRef } = demo.ingest.sandbox;
    const secret = (await openLocalSecrets(secretsDirectory).read(secretRef.replace('secrets://', ''))) ?? '';
    const ingest = await startApp({ app: 'ingest', secretsDirectory, environment: { KF_LOG_LEVEL: 'error' } });
    const names = {
      sku: demoVariants[0]?.sku ?? '',
      location: demoLocations[0].code,
      salesChannel: demoChannels[0]?.code ?? '',
    };
    const load = startLoad({ url: ingest.url, address, secret, ...names });
    try {
      const plan = [
        { name: 'new orders, 1 connection', connections: 1, messages: manyMessages },
        { name: 'new orders, 16 connections', connections: 16, messages: manyMessages },
        { name: 'new orders, 64 connections', connections: 64, messages: manyMessages },
        { name: 'the same 100 again, 16', connections: 16, messages: repeatedMessages },
      ];
      log('warming up');
      const warm = { connections: 16, messages: manyMessages, milliseconds: warmUpMilliseconds, prefix: 'warm' };
      const results: IngestLoadResult[] = [await load.run(warm)];
      const runs: IngestRun[] = [];
      for (const [number, { name, connections, messages }] of plan.entries()) {
        log(name);
        const result = await load.run({ connections, messages, milliseconds, prefix: `run${number}` });
        results.push(result);
        const sorted = merged([result.latencies]);
        const [p50, p99] = [percentile(sorted, 0.5), percentile(sorted, 0.99)];
        runs.push({ name, perSecond: result.perSecond, p50, p99, answers: sorted.length });
      }
      return { runs, ...(await prove(adminUrl, results)) };
    } finally {
      await load.stop();
      await ingest.stop();
    }
  } finally {
    await cluster.dispose();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Stock that no run sells out, and a source that may send as much as it can. */
function makeRoom(adminUrl: string): Promise<void> {
  return withClient(adminUrl, async (admin) => {
    await admin.query('update kf.inventory_levels set on_hand = $1', [onHand]);
    const limits = JSON.stringify({ limits: { burstMessages: 100_000, messagesPerSecond: 10_000 } });
    await admin.query('update kf.ingest_sources set settings = $1', [limits]);
    await admin.query('VACUUM (ANALYZE)');
  });
}

/** Each order that was accepted has one reservation, and nothing else has: a rate of lost messages says nothing. */
async function prove(
  adminUrl: string,
  results: readonly IngestLoadResult[],
): Promise<Pick<IngestBench, 'effects' | 'problems'>> {
  const problems = results.flatMap(({ statuses }) =>
    Object.entries(statuses).flatMap(([status, count]) =>
      status === '200' ? [] : [`${count} answers were ${status}`],
    ),
  );
  const { rows } = await withClient(adminUrl, (admin) =>
    admin.query<{ n: string; orders: string; claims: string }>(
      "select count(*) as n, count(distinct reference) as orders, (select count(*) from kf.ingest_claims where outcome = 'PROCESSED') as claims" +
        ' from kf.reservations',
    ),
  );
  const { n, orders, claims } = rows[0] ?? { n: '0', orders: '0', claims: '0' };
  // Of the messages that come again and again each counts once; they are the last run's.
  const accepted = results.slice(0, -1).reduce((sum, { outcomes }) => sum + (outcomes['SUCCEEDED'] ?? 0), 0);
  const repeated = Number(n) - accepted;
  if (repeated < 0 || repeated > repeatedMessages)
    problems.push(`${n} reservations, and ${accepted} acknowledged orders`);
  if (n !== orders || n !== claims) problems.push(`${n} reservations of ${orders} orders, and ${claims} claims`);
  return { effects: Number(n), problems };
}

type Order = Pick<IngestLoad, 'connections' | 'messages' | 'milliseconds' | 'prefix'>;

function startLoad(sender: Omit<IngestLoad, keyof Order>) {
  let settle: ((result: IngestLoadResult) => void) | null = null;
  let fail: ((error: Error) => void) | null = null;
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'ingest-load.ts')], {
    stdio: ['ignore', 'inherit', 'inherit'],
    ipc: (message: IngestLoadResult) => settle?.(message),
    onExit: () => fail?.(new Error('the load generator ended')),
  });
  return {
    run(order: Order): Promise<IngestLoadResult> {
      const { promise, resolve, reject } = Promise.withResolvers<IngestLoadResult>();
      settle = resolve;
      fail = reject;
      child.send({ ...sender, ...order });
      return promise;
    },
    async stop(): Promise<void> {
      fail = null;
      child.disconnect();
      await child.exited;
    },
  };
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Scope } from '@karmanflow/schema';
import { type DispatchFixtures, dispatchFixtures, scopeOf } from '@karmanflow/webhooks/testing';
import { Client } from 'pg';
import { provision, startApp } from '../local/index.ts';
import { startTemporaryCluster } from '../postgres/index.ts';
import { type DeliveryReceiver, startDeliveryReceiver } from './delivery-receiver.ts';
import { median, percentile } from './statistics.ts';

export interface DeliveryBenchOptions {
  readonly events: number;
  readonly milliseconds: number;
  readonly rounds: number;
  readonly log: (line: string) => void;
}

export interface DrainRun {
  readonly name: string;
  readonly perSecond: number;
  readonly deliveries: number;
}

export interface LatencyRun {
  readonly p50: number;
  readonly p99: number;
  readonly deliveries: number;
}

export interface DeliveryBench {
  readonly drains: readonly DrainRun[];
  /** Of quiet tenants, from the commit of an event to its arrival. */
  readonly alone: LatencyRun;
  /** The same while another tenant's endpoints take connections and never answer. */
  readonly besideSlow: LatencyRun;
  /** The median over the rounds of p99 beside the slow ones, divided by p99 alone. */
  readonly p99Ratio: number;
  readonly problems: readonly string[];
}

interface Bench extends DeliveryBenchOptions {
  readonly fixtures: DispatchFixtures;
  readonly receiver: DeliveryReceiver;
  readonly analyze: () => Promise<unknown>;
}

const clusterSettings = { shared_buffers: '256MB' };
const drainTenants = 8;
const quietTenants = 4;
const slowEndpoints = 20;
const slowEvents = 200;
const settleMilliseconds = 1_500;
const drainDeadlineMilliseconds = 180_000;
const arrivalDeadlineMilliseconds = 30_000;
const unlimited = { rate_per_second: 1_000_000, max_in_flight: 64 };

/** Deliveries of the real process of the worker to a receiver on loopback, over a durable cluster. */
export async function benchDelivery(options: DeliveryBenchOptions): Promise<DeliveryBench> {
  const cluster = await startTemporaryCluster({ durable: true, settings: clusterSettings });
  const folder = await mkdtemp(join(tmpdir(), 'karmanflow-delivery-bench-'));
  const receiver = await startDeliveryReceiver();
  const admin = new Client({ connectionString: cluster.adminUrl });
  try {
    const secretsDirectory = join(folder, 'secrets');
    await provision({ adminUrl: cluster.adminUrl, secretsDirectory });
    await admin.connect();
    const worker = await startApp({ app: 'worker', secretsDirectory, environment: { KF_LOG_LEVEL: 'error' } });
    try {
      return await measure({
        ...options,
        fixtures: dispatchFixtures(admin),
        receiver,
        analyze: () => admin.query('VACUUM (ANALYZE)'),
      });
    } finally {
      await worker.stop();
    }
  } finally {
    await admin.end();
    await receiver.stop();
    await cluster.dispose();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(bench: Bench): Promise<DeliveryBench> {
  const { log, rounds } = bench;
  const problems: string[] = [];
  log('warming up');
  await drain({ ...bench, events: 400 }, { name: 'warm-up', tenants: drainTenants, first: 100, problems });
  // A database that has run for a while knows how its tables look.
  await bench.analyze();
  const drains: DrainRun[] = [];
  for (const [at, tenants] of [1, drainTenants].entries()) {
    const name = `a backlog of ${tenants} tenant${tenants === 1 ? '' : 's'}`;
    log(name);
    drains.push(await drain(bench, { name, tenants, first: 200 + at * 100, problems }));
  }
  const quiet = await subscribedAll(bench, { count: quietTenants, first: 400, path: '/quiet' });
  const alone: number[][] = [];
  const beside: number[][] = [];
  const noisy = scopeOf(500);
  const slow = await slowSubscriptions(bench, noisy);
  for (let round = 0; round < rounds; round += 1) {
    log(`round ${round + 1}: alone, then beside ${slowEndpoints} endpoints that never answer`);
    await pauseAll(bench, slow, true);
    await Bun.sleep(settleMilliseconds);
    alone.push(await trickle(bench, { scopes: quiet, problems }));
    await pauseAll(bench, slow, false);
    await bench.fixtures.write(
      noisy,
      eventsOf(slowEvents, () => 1),
    );
    await Bun.sleep(settleMilliseconds);
    beside.push(await trickle(bench, { scopes: quiet, problems }));
  }
  const p99 = (round: readonly number[] | undefined): string => percentile(round ?? [], 0.99).toFixed(0);
  log(`p99 by round, alone and beside: ${alone.map((one, at) => `${p99(one)} ${p99(beside[at])}`).join(', ')} ms`);
  const ratios = alone.map((one, at) => percentile(beside[at] ?? [], 0.99) / percentile(one, 0.99));
  return { drains, alone: runOf(alone), besideSlow: runOf(beside), p99Ratio: median(ratios), problems };
}

function runOf(rounds: readonly (readonly number[])[]): LatencyRun {
  const all = rounds.flat().toSorted((one, other) => one - other);
  return { p50: percentile(all, 0.5), p99: percentile(all, 0.99), deliveries: all.length };
}

/** One after the other: they share a connection. */
async function subscribedAll(
  { fixtures, receiver }: Bench,
  wanted: { readonly count: number; readonly first: number; readonly path: string },
): Promise<readonly Scope[]> {
  const scopes = Array.from({ length: wanted.count }, (_, at) => scopeOf(wanted.first + at));
  for (const scope of scopes) await fixtures.subscribe(scope, { url: `${receiver.url}${wanted.path}`, ...unlimited });
  return scopes;
}

function eventsOf(count: number, entities: (at: number) => number) {
  return Array.from({ length: count }, (_, at) => ({ entities: [`entity-${entities(at)}`], data: { quantity: at } }));
}

/** Everything is there at once; how fast is it delivered, each event exactly once? */
async function drain(
  bench: Bench,
  run: { readonly name: string; readonly tenants: number; readonly first: number; readonly problems: string[] },
): Promise<DrainRun> {
  const { fixtures, receiver, events } = bench;
  const path = `/drain-${run.first}`;
  const scopes = await subscribedAll(bench, { count: run.tenants, first: run.first, path });
  const arrivals = new Map<string, number>();
  let firstAt = 0;
  receiver.onArrival = (arrivedAt, eventId) => {
    if (arrivedAt !== path) return;
    if (arrivals.size === 0) firstAt = performance.now();
    arrivals.set(eventId, (arrivals.get(eventId) ?? 0) + 1);
  };
  await Bun.sleep(settleMilliseconds);
  const each = Math.floor(events / run.tenants);
  for (const scope of scopes)
    await fixtures.write(
      scope,
      eventsOf(each, (at) => at % 500),
    );
  const deadline = performance.now() + drainDeadlineMilliseconds;
  while (arrivals.size < each * run.tenants && performance.now() < deadline) await Bun.sleep(5);
  const seconds = (performance.now() - firstAt) / 1000;
  const repeats = [...arrivals.values()].filter((count) => count > 1).length;
  if (arrivals.size < each * run.tenants)
    run.problems.push(`${run.name}: ${arrivals.size} of ${each * run.tenants} came`);
  if (repeats > 0) run.problems.push(`${run.name}: ${repeats} came more than once, though nothing failed`);
  return { name: run.name, perSecond: arrivals.size / seconds, deliveries: arrivals.size };
}

/** One event at a time, each in another tenant; how long until it is there? */
async function trickle(
  { fixtures, receiver, milliseconds }: Bench,
  { scopes, problems }: { readonly scopes: readonly Scope[]; readonly problems: string[] },
): Promise<number[]> {
  const committedAt = new Map<string, number>();
  const latencies: number[] = [];
  receiver.onArrival = (path, eventId) => {
    const since = committedAt.get(eventId);
    if (path === '/quiet' && since !== undefined) latencies.push(performance.now() - since);
  };
  const end = performance.now() + milliseconds;
  for (let at = 0; performance.now() < end; at += 1) {
    const scope = scopes[at % scopes.length];
    if (!scope) break;
    const before = performance.now();
    const [id] = await fixtures.write(
      scope,
      eventsOf(1, () => at % 50),
    );
    // The moment before its commit was asked for: the flush is part of what a partner waits for.
    committedAt.set(`evt_${id}`, before);
    await Bun.sleep(10);
  }
  const deadline = performance.now() + arrivalDeadlineMilliseconds;
  while (latencies.length < committedAt.size && performance.now() < deadline) await Bun.sleep(20);
  if (latencies.length < committedAt.size) problems.push(`${latencies.length} of ${committedAt.size} events came`);
  return latencies.toSorted((one, other) => one - other);
}

async function slowSubscriptions({ fixtures, receiver }: Bench, scope: Scope): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let at = 0; at < slowEndpoints; at += 1) {
    const settings = { url: `${receiver.silentUrl}/${at}`, ordering: 'UNORDERED', ...unlimited, state: 'PAUSED' };
    ids.push(await fixtures.subscribe(scope, settings));
  }
  return ids;
}

/** Resumed with a fresh start, so that they are well again and get as much as they ever could. */
async function pauseAll({ fixtures }: Bench, ids: readonly string[], isPaused: boolean): Promise<void> {
  const epoch = Math.floor(performance.now());
  for (const id of ids) {
    await fixtures.decide(id, {
      state: isPaused ? 'PAUSED' : 'ENABLED',
      health_epoch: epoch,
      health_reason: 'target_changed',
    });
  }
}

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { responseOf } from '@karmanflow/commands/testing';
import { bootDatabase, createLogger } from '@karmanflow/runtime';
import { captureLog, waitUntil } from '@karmanflow/runtime/testing';
import type { Id } from '@karmanflow/schema';
import { deriveSubscriptionSecret, readDelivery, verifyWebhook } from '@karmanflow/webhooks';
import { createWorkerWorld, type RunningWorker, type Store, type WorkerWorld } from '../testing/worker-world.ts';
import type { DeliveryParts } from './open-delivery.ts';
import { workerDeliveryLimits } from './worker-delivery-limits.ts';

setDefaultTimeout(90_000);

/** The whole of it: commands, the sequencer, delivery and real sockets, in one process as it is deployed. */
const master = new Uint8Array(32).fill(9);
let worker: WorkerWorld;
let running: RunningWorker;
let acme: Store;
let other: Store;
const arrived: { readonly path: string; readonly body: Uint8Array; readonly headers: [string, string][] }[] = [];
/** What each path answers; 204 unless it is here. */
const answers = new Map<string, number>();
let server: Server;
let receiver: string;

beforeAll(async () => {
  worker = await createWorkerWorld();
  ({ sandbox: acme } = await worker.createTenant('Acme'));
  ({ sandbox: other } = await worker.createTenant('Other'));
  server = createServer((request, response) => {
    void (async () => {
      const body = await readAll(request);
      const path = request.url ?? '';
      arrived.push({
        path,
        body,
        headers: Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      });
      response.writeHead(answers.get(path) ?? 204).end();
    })();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  receiver = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  running = await worker.start({
    sequencer: { database: await open('kf_sequencer'), log: null },
    delivery: await parts(),
  });
});
afterAll(async () => {
  await worker.close();
  server.closeAllConnections();
  server.close();
});

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function open(role: 'kf_sequencer' | 'kf_delivery') {
  const logger = createLogger({ app: 'worker', level: 'info', destination: captureLog().destination });
  const url = worker.world.testDatabase.urlFor(role);
  return bootDatabase({
    url,
    role,
    profile: 'local',
    applicationName: `kf-test-${role}`,
    logger,
    connectionsMax: workerDeliveryLimits.connections,
  });
}

async function parts(): Promise<DeliveryParts> {
  return {
    database: await open('kf_delivery'),
    master,
    policy: { localTargets: true, ports: 'high' },
    egressProxy: null,
    historyMilliseconds: 30 * 86_400_000,
  };
}

async function subscribe(store: Store, path: string, more: object = {}): Promise<Id<'webhookSubscription'>> {
  const input = { url: `${receiver}${path}`, eventTypes: ['inventory.reservation.*'], ...more };
  const { subscriptionId } = responseOf(await store.run('webhook.create_subscription', input));
  return String(subscriptionId) as Id<'webhookSubscription'>;
}

const at = (path: string) => arrived.filter((one) => one.path === path);

async function arrivedAt(path: string, count: number): Promise<ReturnType<typeof at>> {
  await waitUntil({
    what: `${count} deliveries at ${path}`,
    condition: () => at(path).length >= count,
    deadlineMilliseconds: 60_000,
  });
  return at(path);
}

async function deliveredTo(subscriptionId: string): Promise<number> {
  const { rows } = await worker.admin.query(
    "select count(*)::int as n from kf.webhook_deliveries where subscription_id = $1 and state = 'DELIVERED'",
    [subscriptionId.slice(4)],
  );
  return rows[0].n;
}

async function healthOf(subscriptionId: string): Promise<string> {
  const { rows } = await worker.admin.query('select health from kf.webhook_subscriptions where id = $1', [
    subscriptionId.slice(4),
  ]);
  return rows[0].health;
}

async function metricsOf({ metricsPort }: RunningWorker): Promise<(series: string) => number> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const lines = text.split('\n');
  return (series) =>
    Number(
      lines
        .find((line) => line.startsWith(series))
        ?.split(' ')
        .at(-1),
    );
}

/** Puts the end of every delivery so far back; ids begin with their time, so each gets another one. */
async function growOld(days: number): Promise<number> {
  const aged = (id: string): string => `overlay(${id}::text placing '000' from 1 for 3)::uuid`;
  await worker.admin.query('begin');
  await worker.admin.query("set local session_replication_role = 'replica'");
  await worker.admin.query('alter table kf.webhook_attempts disable trigger refuse_change');
  const { rowCount } = await worker.admin.query(
    `with old as (update kf.webhook_deliveries set id = ${aged('id')}, ended_at = ended_at - $1::interval
       where ended_at is not null returning id)
     update kf.webhook_attempts a set delivery_id = old.id, started_at = started_at - $1::interval from old
       where ${aged('delivery_id')} = old.id`,
    [`${days} days`],
  );
  await worker.admin.query('alter table kf.webhook_attempts enable always trigger refuse_change');
  await worker.admin.query('commit');
  return rowCount ?? 0;
}

describe('the worker', () => {
  test('delivers what a command did, signed with the secret of the subscription, in the trace of whoever caused it', async () => {
    const subscriptionId = await subscribe(acme, '/acme', { headers: { 'x-shop': 'one' } });
    await subscribe(other, '/other');
    const { reservationId } = await acme.hold({ holdSeconds: 600 });
    const [delivery] = await arrivedAt('/acme', 1);
    if (!delivery) throw new Error('one arrived');
    const { tenantId, environmentId } = acme;
    const secret = deriveSubscriptionSecret({ master, tenantId, environmentId, subscriptionId, secretVersion: 1 });
    const nowSeconds = Math.floor(Date.now() / 1000);
    expect(verifyWebhook({ ...delivery, secrets: [secret], nowSeconds })).toMatchObject({ ok: true });
    const reading = readDelivery(delivery.body);
    if (!reading.ok) throw new Error(reading.detail);
    expect(reading.event).toMatchObject({ eventType: 'inventory.reservation.created', data: { reservationId } });
    expect(reading.sequence).toMatchObject({ subscriptionId, ordinal: 1 });
    const headers = new Map(delivery.headers);
    expect(headers.get('x-shop')).toBe('one');
    expect(headers.get('traceparent')?.slice(3, 35)).toBe(reading.event.traceparent.slice(3, 35));
    expect(headers.get('traceparent')).not.toBe(reading.event.traceparent);
    // What happens in one tenant is nobody else's business.
    await other.hold({ holdSeconds: 600 });
    const [elsewhere] = await arrivedAt('/other', 1);
    expect(readDelivery(elsewhere?.body ?? new Uint8Array())).toMatchObject({ event: { tenantId: other.tenantId } });
    expect(at('/acme')).toHaveLength(1);
  });

  test('puts the health of an endpoint on record, as a command of the tenant', async () => {
    answers.set('/broken', 500);
    const subscriptionId = await subscribe(acme, '/broken', { ordering: 'UNORDERED' });
    for (let n = 0; n < 3; n += 1) await acme.hold({ holdSeconds: 600 });
    await arrivedAt('/broken', 3);
    await waitUntil({
      what: 'the early warning is on record',
      condition: async () => (await healthOf(subscriptionId)) === 'DEGRADED',
      deadlineMilliseconds: 60_000,
    });
    const { rows } = await worker.admin.query(
      "select count(*) as n from kf.domain_events where type = 'webhook.subscription.health_changed'",
    );
    expect(Number(rows[0].n)).toBe(1);
  });

  test('tells of a receiver that is gone, and sends it nothing more', async () => {
    answers.set('/gone', 410);
    const subscriptionId = await subscribe(acme, '/gone');
    await acme.hold({ holdSeconds: 600 });
    await waitUntil({
      what: 'it is on record as gone',
      condition: async () => (await healthOf(subscriptionId)) === 'GONE',
      deadlineMilliseconds: 60_000,
    });
    const before = at('/gone').length;
    await acme.hold({ holdSeconds: 600 });
    await arrivedAt('/acme', 6);
    expect(at('/gone')).toHaveLength(before);
  });

  test('sends again what a recovery asks for, under the same id, and ends the recovery', async () => {
    const subscriptionId = await subscribe(acme, '/again');
    await acme.hold({ holdSeconds: 600 });
    await arrivedAt('/again', 1);
    // A recovery leaves alone what is still on its way, and so it is until its answer is recorded.
    await waitUntil({
      what: 'the delivery has ended',
      condition: async () => (await deliveredTo(subscriptionId)) === 1,
      deadlineMilliseconds: 60_000,
    });
    const range = { subscriptionId, fromSeq: 1, toSeq: 100_000, expectedCount: 500 };
    const { recoveryId } = responseOf(await acme.run('webhook.recover', range));
    await waitUntil({
      what: 'the recovery has ended',
      async condition() {
        const { rows } = await worker.admin.query(
          'select status, done_count from kf.webhook_recoveries where id = $1',
          [String(recoveryId).slice(4)],
        );
        return rows[0].status === 'DONE' && Number(rows[0].done_count) > 0;
      },
      deadlineMilliseconds: 60_000,
    });
    const ids = at('/again').map(({ headers }) => new Map(headers).get('webhook-id'));
    expect(ids.filter((id) => id === ids[0])).toHaveLength(2);
  });

  test('tells how it stands', async () => {
    const valueOf = await metricsOf(running);
    expect(valueOf('kf_webhook_attempts_total{outcome="delivered"')).toBeGreaterThan(3);
    expect(valueOf('kf_webhook_attempts_total{outcome="gone"')).toBe(1);
    expect(valueOf('kf_webhook_findings_told_total{outcome="told"')).toBeGreaterThanOrEqual(3);
    expect(valueOf('kf_webhook_visits_failed_total')).toBe(0);
  });

  test('ends without losing what it had under way', async () => {
    await running.stop();
    const { rows } = await worker.admin.query(
      "select count(*) as n from kf.webhook_deliveries where state = 'SENDING'",
    );
    expect(Number(rows[0].n)).toBe(0);
  });

  test('removes what has been over for longer than history is kept, and counts it', async () => {
    const attempts = await growOld(31);
    expect(attempts).toBeGreaterThan(3);
    const countOf = async (where: string): Promise<number> => {
      const { rows } = await worker.admin.query(`select count(*) as n from kf.webhook_deliveries where ${where}`);
      return Number(rows[0].n);
    };
    const [over, waiting] = [await countOf('ended_at is not null'), await countOf('ended_at is null')];
    const next = await worker.start({ delivery: await parts() });
    await waitUntil({
      what: 'what was over is gone',
      condition: async () => (await countOf("ended_at < now() - interval '30 days'")) === 0,
      deadlineMilliseconds: 60_000,
    });
    await waitUntil({
      what: 'all of it is counted',
      condition: async () => (await metricsOf(next))('kf_webhook_attempts_removed_total') === attempts,
      deadlineMilliseconds: 60_000,
    });
    const valueOf = await metricsOf(next);
    expect(valueOf('kf_webhook_deliveries_removed_total')).toBe(over);
    expect(valueOf('kf_webhook_removals_failed_total')).toBe(0);
    // What the broken and the gone have not taken is still to be sent.
    expect(waiting).toBeGreaterThan(0);
    expect(await countOf('true')).toBeGreaterThanOrEqual(waiting);
    await next.stop();
  });
});

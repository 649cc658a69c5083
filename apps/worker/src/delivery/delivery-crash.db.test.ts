import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { waitUntil } from '@karmanflow/runtime/testing';
import {
  deliveryMessageId,
  deriveSubscriptionSecret,
  readDelivery,
  requireWebhookMaster,
  verifyWebhook,
} from '@karmanflow/webhooks';
import { createDispatchWorld, type DispatchWorld, scopeOf } from '@karmanflow/webhooks/testing';

setDefaultTimeout(180_000);

/** Real processes that are killed without warning, real sockets, and a receiver that breaks off and dies at random. */
const scope = scopeOf(7);
const master = Buffer.alloc(32, 5).toString('base64');
const entities = ['a', 'b', 'c', 'd', 'e', 'f'];
const kills = 3;
const eventsPerRound = 25;

interface Arrival {
  readonly messageId: string;
  readonly eventId: string;
  readonly entities: readonly string[];
}

let world: DispatchWorld;
let server: Server;
let subscriptionId: string;
const arrivals: Arrival[] = [];
const wrong: string[] = [];
const written: string[] = [];
let random = 20_260_301;
const next = (below: number): number => {
  random = (random * 1_103_515_245 + 12_345) % 2 ** 31;
  return Math.floor((random / 2 ** 31) * below);
};

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** What it took in counts, also where the sender never hears of it. */
async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request);
  const secret = deriveSubscriptionSecret({
    ...scope,
    master: requireWebhookMaster(master),
    subscriptionId: `whs_${subscriptionId}`,
    secretVersion: 1,
  });
  const pairs = Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]);
  const verified = verifyWebhook({
    secrets: [secret],
    headers: pairs,
    body,
    nowSeconds: Math.floor(Date.now() / 1000),
  });
  const reading = readDelivery(body);
  if (!verified.ok || !reading.ok) {
    wrong.push(verified.ok ? 'unreadable' : verified.code);
    response.writeHead(400).end();
    return;
  }
  const fate = next(10);
  // Sometimes it dies before it has done anything, sometimes after.
  if (fate === 0) return void request.socket.destroy();
  const { event } = reading;
  arrivals.push({
    messageId: verified.messageId,
    eventId: event.eventId,
    entities: event.entities.map(({ id }) => id),
  });
  if (fate === 1) return void request.socket.destroy();
  response.writeHead(fate === 2 ? 500 : 204).end();
}

beforeAll(async () => {
  world = await createDispatchWorld();
  server = createServer((request, response) => void receive(request, response).catch(() => undefined));
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  const { port } = server.address() as AddressInfo;
  subscriptionId = await world.subscribe(scope, { url: `http://127.0.0.1:${port}/hooks` });
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await world.close();
});

const running = new Map<string, Bun.Subprocess>();
afterAll(async () => {
  for (const child of running.values()) child.kill('SIGKILL');
  await Promise.all([...running.values()].map((child) => child.exited));
});

function start(tag: string): void {
  const file = resolve(import.meta.dir, 'testing/delivery-process.ts');
  const url = world.testDatabase.urlFor('kf_delivery');
  running.set(
    tag,
    Bun.spawn([process.execPath, file, url, tag, master], { stdin: 'ignore', stdout: 'ignore', stderr: 'inherit' }),
  );
}

/** Ends a process as a power failure does. Its leases end at once, which without a test takes half a minute. */
async function kill(tag: string): Promise<void> {
  const child = running.get(tag);
  child?.kill('SIGKILL');
  await child?.exited;
  await world.admin.query(
    "update kf.webhook_deliveries set lease_until = now() - interval '1 second' where state = 'SENDING' and substr(lease_id::text, 15, 4) = $1",
    [tag],
  );
  await hurry();
}

/** Makes what waits for its next attempt due, and endpoints that rest awake: hours of a schedule in a moment. */
async function hurry(): Promise<void> {
  await world.admin.query(
    "update kf.webhook_deliveries set next_attempt_at = now() where state = 'WAITING' and next_attempt_at > now()",
  );
  await world.admin.query('update kf.webhook_cursors set next_due_at = now()');
}

async function write(): Promise<void> {
  const events = Array.from({ length: eventsPerRound }, () => {
    const count = 1 + next(2);
    return { entities: [...new Set(Array.from({ length: count }, () => entities[next(entities.length)] ?? 'a'))] };
  });
  written.push(...(await world.write(scope, events)).map((id) => `evt_${id}`));
}

function inversions(): string[] {
  const found: string[] = [];
  const known = new Set<string>();
  const latest = new Map<string, number>();
  for (const { eventId, entities: concerned } of arrivals) {
    if (known.has(eventId)) continue;
    known.add(eventId);
    const place = written.indexOf(eventId);
    for (const entity of concerned) {
      if ((latest.get(entity) ?? -1) > place) found.push(`${entity}: ${eventId}`);
      latest.set(entity, Math.max(latest.get(entity) ?? -1, place));
    }
  }
  return found;
}

test('killed at random, two workers deliver every event, in order by entity, and repeat under the same id only', async () => {
  const tags = ['7aaa', '7bbb'];
  tags.forEach(start);
  for (let round = 0; round < kills; round += 1) {
    await write();
    const enough = arrivals.length + 4 + next(12);
    await waitUntil({
      what: 'something arrives',
      condition: async () => {
        await hurry();
        return arrivals.length >= enough;
      },
      deadlineMilliseconds: 60_000,
    });
    const tag = tags[next(tags.length)] ?? '7aaa';
    await kill(tag);
    start(tag);
  }
  await waitUntil({
    what: 'everything is delivered',
    condition: async () => {
      await hurry();
      const rows = await world.rows('webhook_deliveries', subscriptionId);
      return rows.length === written.length && rows.every(({ state }) => state === 'DELIVERED');
    },
    deadlineMilliseconds: 120_000,
  });

  expect(wrong).toEqual([]);
  expect(new Set(arrivals.map(({ eventId }) => eventId))).toEqual(new Set(written));
  expect(inversions()).toEqual([]);
  for (const { eventId, messageId } of arrivals) {
    const eventOf = { subscriptionId: `whs_${subscriptionId}`, eventId: eventId as `evt_${string}` } as const;
    expect(messageId).toBe(deliveryMessageId(eventOf));
  }
  const attempts = await world.rows('webhook_attempts', subscriptionId);
  // The failures were real: some arrived more than once, and every attempt that was recorded stands beside its delivery.
  expect(arrivals.length).toBeGreaterThan(written.length);
  expect(attempts.length).toBeGreaterThan(written.length);
});

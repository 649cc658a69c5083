import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { formatCursor, readCursor } from '@karmanflow/events';
import { createMetrics, type Metrics, renderMetrics } from '@karmanflow/runtime';
import { waitUntil } from '@karmanflow/runtime/testing';
import { type Database, openDatabase, type Scope } from '@karmanflow/schema';
import * as v from 'valibot';
import { streamDataShape } from '../document-shapes.ts';
import type { ApiClient } from '../testing/api-client.ts';
import { type FeedClient, listenTo } from '../testing/feed-client.ts';
import { startTestApi, type TestApi } from '../testing/start-test-api.ts';
import { createEventFeed, type EventFeed } from './event-feed.ts';
import { eventFeedLimits, type EventFeedLimits } from './event-feed-limits.ts';

setDefaultTimeout(90_000);

let api: TestApi;
let operator: ApiClient;
let scope: Scope;
let readers: Database;
let written = 0;
const clients: FeedClient[] = [];

beforeAll(async () => {
  api = await startTestApi({ eventFeedLimits: { heartbeatMilliseconds: 300, readersPerTenant: 3, eventsPerWrite: 4 } });
  operator = api.as('operator');
  scope = { tenantId: api.tenant.tenantId, environmentId: api.tenant.environments.sandbox };
  readers = openDatabase({ url: api.world.testDatabase.urlFor('kf_read'), applicationName: 'kf-test-feed' });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await waitUntil({ what: 'everybody to be gone', condition: async () => (await reading()) === 0 });
});
afterAll(async () => {
  await readers.close();
  await api.stop();
});

async function reading(metrics = api.metrics): Promise<number> {
  const { body } = await renderMetrics(metrics, null);
  return Number(/^kf_event_stream_readers(?:\{[^}]*\})? (\d+)$/m.exec(body)?.[1]);
}

/** Makes so many events, one command each, and gives them their positions. */
async function happen(count: number): Promise<void> {
  for (let one = 0; one < count; one += 1) {
    written += 1;
    const [type, name] = written % 2 === 0 ? ['location', 'code'] : ['variant', 'sku'];
    await operator.succeed(`inventory.register_${type}`, { [name]: `X-${written}`, name: 'X' });
  }
  await api.testLog.sequence();
}

async function listen(query = '', options: { key?: string; lastEventId?: string } = {}): Promise<FeedClient> {
  const { key = 'operator', lastEventId } = options;
  const client = await listenTo(`${api.url}/v1/events${query}`, {
    accept: 'text/event-stream',
    authorization: `Bearer ${api.tenant.keys[key]}`,
    ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
  });
  clients.push(client);
  return client;
}

const until = (what: string, condition: () => boolean): Promise<void> => waitUntil({ what, condition });
const seqsOf = ({ messages }: FeedClient): number[] =>
  messages.filter(({ event }) => event === 'message').map(({ data }) => Number(data['seq']));
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);

describe('the live stream', () => {
  test('shows what there is and what comes, each with its position and its cursor, and nothing twice', async () => {
    await happen(9);
    const client = await listen();
    expect(client.status).toBe(200);
    expect(client.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(client.headers.get('cache-control')).toBe('no-store');
    await until('the events of before', () => seqsOf(client).length >= 9);
    await happen(3);
    await until('the events of now', () => seqsOf(client).length >= 12);
    expect(seqsOf(client)).toEqual(range(1, 12));
    for (const { id, data } of client.messages) {
      expect(v.is(streamDataShape, data)).toBe(true);
      expect(readCursor(scope, id)).toEqual({ ok: true, seq: Number(data['seq']) });
    }
  });

  test('goes on after the last id, which counts more than the query', async () => {
    await happen(4);
    const client = await listen('?after=latest', { lastEventId: formatCursor(scope, 2) });
    await until('what was missed', () => seqsOf(client).length >= written - 2);
    expect(seqsOf(client)).toEqual(range(3, written));
    const later = await listen('?after=latest');
    await until('it to begin', () => later.quietBlocks() > 0);
    await happen(1);
    await until('what comes', () => seqsOf(later).length > 0);
    expect(seqsOf(later)).toEqual([written]);
  });

  test('is thinned out by filters, and its heartbeat says how far it has come', async () => {
    await happen(4);
    const client = await listen('?type=inventory.location.*');
    const even = range(1, written).filter((seq) => seq % 2 === 0);
    await until('the locations', () => seqsOf(client).length >= even.length);
    expect(seqsOf(client)).toEqual(even);
    await happen(2);
    if (written % 2 === 0) await happen(1);
    await until('a heartbeat past what was held back', () => client.lastEventId() === formatCursor(scope, written));
    expect(seqsOf(client)).toEqual(range(1, written).filter((seq) => seq % 2 === 0));
  });

  test('ends for a key that is revoked, and for nobody else', async () => {
    const revoked = await listen('?after=latest', { key: 'spare' });
    const bystander = await listen('?after=latest');
    const admin = await api.world.testDatabase.admin();
    await admin.query('update kf.api_keys set revoked_at = now() where id = $1', [
      api.tenant.keyIds['spare']?.slice(4),
    ]);
    await admin.end();
    await until('the stream to end', () => revoked.isOver());
    await happen(1);
    await until('the other to go on', () => seqsOf(bystander).length > 0);
    expect(revoked.messages.map(({ event, data }) => [event, data['reason']])).toEqual([['end', 'no_longer_allowed']]);
    expect(bystander.isOver()).toBe(false);
  });

  test('is for who may read it, from a cursor of its own that is not ahead of it', async () => {
    const ask = (query: string, options: { key?: string; lastEventId?: string } = {}) =>
      api.as(options.key ?? 'operator').get(`/v1/events${query}`, {
        accept: 'text/event-stream',
        ...(options.lastEventId === undefined ? {} : { 'last-event-id': options.lastEventId }),
      });
    expect(await ask('', { key: 'nobody' })).toMatchObject({ status: 403, code: 'policy_denied' });
    expect(await ask('?limit=0')).toMatchObject({ status: 400, code: 'input_invalid' });
    expect(await ask('', { lastEventId: 'nonsense' })).toMatchObject({ status: 400, code: 'header_invalid' });
    const elsewhere = formatCursor({ ...scope, environmentId: api.tenant.environments.production }, 1);
    expect(await ask('', { lastEventId: elsewhere })).toMatchObject({ status: 400, code: 'cursor_elsewhere' });
    const ahead = formatCursor(scope, written + 1);
    expect(await ask('', { lastEventId: ahead })).toMatchObject({ status: 409, code: 'cursor_ahead' });
    expect(await reading()).toBe(0);
    // Whoever does not ask for a stream gets a page, whatever else the header says.
    for (const accept of ['*/*', 'application/json', 'text/event-stream;q=0, */*']) {
      const { headers } = await api.as('operator').get('/v1/events', { accept });
      expect(headers.get('content-type')).toBe('application/json');
    }
    const head = await api
      .as('operator')
      .request('/v1/events', { method: 'HEAD', headers: { accept: 'text/event-stream' } });
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
  });

  test('is open to a bounded number of one tenant, whose place is free again when one leaves', async () => {
    const three = [await listen('?after=latest'), await listen('?after=latest'), await listen('?after=latest')];
    expect(three.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await listen('?after=latest')).status).toBe(503);
    three[0]?.close();
    await waitUntil({ what: 'a free place', condition: async () => (await reading()) === 2 });
    expect((await listen('?after=latest')).status).toBe(200);
  });
});

describe('a stream by itself', () => {
  function openFeed(options: {
    limits?: Partial<EventFeedLimits>;
    database?: Database;
    now?: () => number;
    metrics?: Metrics;
  }): EventFeed {
    return createEventFeed({
      database: readers,
      metrics: createMetrics({ app: 'test' }),
      now: () => performance.now(),
      onError: () => undefined,
      ...options,
      limits: { ...eventFeedLimits, ...options.limits },
    });
  }
  const everything = { filters: {}, isAllowed: async () => true };

  async function textOf(body: ReadableStream<Uint8Array>): Promise<string> {
    return new Response(body).text();
  }

  test('reads no further than its client takes, and is ended when it takes nothing', async () => {
    await happen(8);
    let reads = 0;
    const counting: Database = {
      ...readers,
      read: (place, work) => {
        reads += 1;
        return readers.read(place, work);
      },
    };
    let time = 0;
    const metrics = createMetrics({ app: 'test' });
    const limits = { eventsPerWrite: 1, authorityMilliseconds: 10 };
    const feed = openFeed({ limits, database: counting, now: () => time, metrics });
    const opened = await feed.listen({ scope, after: 0, signal: new AbortController().signal, ...everything });
    if (!opened.ok) throw new Error(opened.code);
    const reader = opened.body.getReader();
    await reader.read();
    await reader.read();
    const isGoneLater = async (): Promise<boolean> => {
      time += eventFeedLimits.stallMilliseconds + 1;
      return (await reading(metrics)) === 0;
    };
    await waitUntil({ what: 'it to be let go', condition: isGoneLater });
    let rest = '';
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      rest += new TextDecoder().decode(part.value);
    }
    expect(rest).toEndWith('event: end\ndata: {"reason":"stalled"}\n\n');
    // One message that was taken, and those that wait to be: the rest of the stream was never looked at.
    expect(reads).toBeLessThan(5);
    feed.close();
  });

  test('ends when the process stops, as every wait does, and none begins afterwards', async () => {
    const feed = openFeed({});
    const { signal } = new AbortController();
    const opened = await feed.listen({ scope, after: 'latest', signal, ...everything });
    const waiting = feed.page({ scope, after: 'latest', filters: {}, limit: 10, waitSeconds: 20, signal });
    if (!opened.ok) throw new Error(opened.code);
    const text = textOf(opened.body);
    feed.close();
    expect(await text).toEndWith('event: end\ndata: {"reason":"draining"}\n\n');
    expect(await waiting).toMatchObject({ ok: true, page: { events: [], hasMore: false } });
    expect(await feed.listen({ scope, after: 0, signal, ...everything })).toMatchObject({ code: 'draining' });
  });

  test('ends with a word about it when the database is away', async () => {
    let isAway = false;
    const failing: Database = {
      ...readers,
      read: (place, work) => (isAway ? Promise.reject(new Error('connection lost')) : readers.read(place, work)),
    };
    const feed = openFeed({ limits: { tailMilliseconds: 10 }, database: failing });
    const opened = await feed.listen({ scope, after: 'latest', signal: new AbortController().signal, ...everything });
    if (!opened.ok) throw new Error(opened.code);
    isAway = true;
    expect(await textOf(opened.body)).toContain('"reason":"database_unavailable"');
    isAway = false;
    const refused = { ...everything, isAllowed: () => Promise.reject(new Error('connection lost')) };
    const other = await feed.listen({ scope, after: 'latest', signal: new AbortController().signal, ...refused });
    if (!other.ok) throw new Error(other.code);
    expect(await textOf(other.body)).toContain('"reason":"database_unavailable"');
    feed.close();
  });
});

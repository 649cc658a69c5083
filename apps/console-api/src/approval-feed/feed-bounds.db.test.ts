import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { type Database, openDatabase } from '@karmanflow/schema';
import { createMetrics } from '@karmanflow/runtime';
import { waitUntil } from '@karmanflow/runtime/testing';
import type { ApiClient } from '../testing/api-client.ts';
import { type FeedClient, listenTo } from '../testing/feed-client.ts';
import { startTestApi, type TestApi, type TestApiOptions } from '../testing/start-test-api.ts';
import { type Stock, stockUp } from '../testing/stock.ts';
import { type ApprovalFeed, createApprovalFeed } from './approval-feed.ts';
import { feedLimits, type FeedLimits } from './feed-limits.ts';

setDefaultTimeout(90_000);
const deadlineMilliseconds = 20_000;
const until = (what: string, condition: () => boolean | Promise<boolean>): Promise<void> =>
  waitUntil({ what, condition, deadlineMilliseconds });

let api: TestApi;
let operator: ApiClient;
let stock: Stock;
beforeAll(async () => {
  api = await startTestApi();
  operator = api.as('operator');
  stock = await stockUp(operator, 1_000);
});
afterAll(() => api.stop());

async function pause(): Promise<string> {
  const { reservationId } = await operator.succeed('reservation.create', { lines: [{ ...stock, quantity: 1 }] });
  const answer = await operator.send('reservation.cancel', { reservationId });
  return String((answer.json['data'] as { approvalId: string }).approvalId);
}

const openReader = (): Database =>
  openDatabase({ url: api.world.testDatabase.urlFor('kf_read'), applicationName: 'kf-test-feed' });

interface Alone {
  readonly feed: ApprovalFeed;
  readonly database: Database;
  readonly errors: unknown[];
}

/** The feed alone, without a server before it, over a pool of its own. */
function alone(limits: Partial<FeedLimits>): Alone {
  const database = openReader();
  const errors: unknown[] = [];
  const feed = createApprovalFeed({
    database,
    metrics: createMetrics({ app: 'console-api' }),
    limits: { ...feedLimits, pollMilliseconds: 20, ...limits },
    now: () => performance.now(),
    onError: (error) => errors.push(error),
  });
  return { feed, database, errors };
}

async function bodyOf({ feed }: Alone, over: { signal?: AbortSignal } = {}): Promise<ReadableStream<Uint8Array>> {
  const { tenantId, environments } = api.tenant;
  const opened = await feed.listen({
    scope: { tenantId, environmentId: environments.sandbox },
    after: null,
    isAllowed: async () => true,
    signal: over.signal ?? new AbortController().signal,
  });
  if (!opened.ok) throw new Error(opened.detail);
  return opened.body;
}

/** Reads on until the stream ends, or until a text was seen. */
async function readUntil(body: ReadableStream<Uint8Array>, text: string): Promise<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let seen = '';
  while (!seen.includes(text)) {
    const { value, done } = await reader.read();
    if (done) break;
    seen += decoder.decode(value, { stream: true });
  }
  reader.releaseLock();
  return seen;
}

describe('what waits for a reader', () => {
  test('is bounded: one who does not read is let go, and can go on where it was', async () => {
    // A new process has none of the clutter that other tests left.
    const own = alone({ bufferBytes: 12_000, listeners: 1 });
    const body = await bodyOf(own);
    const made: string[] = [];
    await until('the reader to be let go', async () => {
      made.push(await pause());
      const next = await own.feed.listen({
        scope: { tenantId: api.tenant.tenantId, environmentId: api.tenant.environments.production },
        after: null,
        isAllowed: async () => true,
        signal: new AbortController().signal,
      });
      if (next.ok) await next.body.cancel();
      return next.ok;
    });
    const text = await readUntil(body, 'the end');
    expect(text).toEndWith('event: end\ndata: {"reason":"slow"}\n\n');
    expect(text.length).toBeLessThan(14_000);
    expect(made.some((approvalId) => text.includes(approvalId))).toBe(true);
    own.feed.close();
    await own.database.close();
  });

  test('a burst is told in more than one look, and events of other kinds are passed over in parts', async () => {
    const own = alone({ changesPerPoll: 2, scannedEvents: 3 });
    const body = await bodyOf(own);
    const made = await Promise.all(Array.from({ length: 7 }, () => pause()));
    const last = await pause();
    const text = await readUntil(body, last);
    for (const approvalId of made) expect(text.split(`"approvalId":"${approvalId}"`)).toHaveLength(2);
    own.feed.close();
    await own.database.close();
  });

  test('a snapshot says when it is not all', async () => {
    const own = alone({ snapshotApprovals: 1 });
    await Promise.all([pause(), pause()]);
    expect(await readUntil(await bodyOf(own), '\n\n')).toContain('"hasMore":true');
    own.feed.close();
    await own.database.close();
  });
});

describe('a listener', () => {
  test('who is gone before being answered is not kept', async () => {
    const own = alone({ listeners: 1 });
    const early = new AbortController();
    early.abort();
    await bodyOf(own, { signal: early.signal });
    const leaving = new AbortController();
    const body = bodyOf(own, { signal: leaving.signal });
    leaving.abort();
    await body;
    expect(await readUntil(await bodyOf(own), '\n\n')).toContain('event: snapshot');
    own.feed.close();
    await own.database.close();
  });

  test('is told when the database no longer answers, and when a look failed nobody is left behind', async () => {
    const own = alone({ listeners: 2 });
    const [one, other] = [await bodyOf(own), await bodyOf(own)];
    await own.database.close();
    for (const body of [one, other]) expect(await readUntil(body, 'the end')).toContain('"database_unavailable"');
    expect(own.errors).toHaveLength(1);
    await expect(bodyOf(own)).rejects.toThrow();
    // Whoever could not be let in takes nobody's place.
    await expect(bodyOf(own)).rejects.toThrow();
    await expect(bodyOf(own)).rejects.toThrow();
  });
});

async function listening(options: TestApiOptions): Promise<{ own: TestApi; client: FeedClient }> {
  const own = await startTestApi(options);
  const client = await listenTo(`${own.url}/v1/approval/feed`, {
    authorization: `Bearer ${own.tenant.keys['operator']}`,
  });
  await until('the snapshot', () => client.messages.length === 1);
  return { own, client };
}

describe('a connection on which nothing happens', () => {
  test('is kept alive beyond the idle timeout of the server, by nothing but that', async () => {
    // Bun counts in steps of four seconds, and a write renews a timeout of more than one step only.
    const idleTimeoutSeconds = 5;
    const kept = await listening({
      idleTimeoutSeconds,
      feedLimits: { pollMilliseconds: 100, heartbeatMilliseconds: 1_000 },
    });
    const cut = await listening({ idleTimeoutSeconds, feedLimits: { heartbeatMilliseconds: 600_000 } });
    await until('the silent one to be cut', () => cut.client.isOver());
    const heard = kept.client.quietBlocks();
    expect(heard).toBeGreaterThan(2);
    await until('the other to say more', () => kept.client.quietBlocks() > heard + 2);
    expect(kept.client.isOver()).toBe(false);
    expect(cut.client.quietBlocks()).toBe(0);
    kept.client.close();
    await Promise.all([kept.own.stop(), cut.own.stop()]);
  });
});

describe('a process that stops', () => {
  test('ends its feeds, so that they do not hold it up, and takes no new ones', async () => {
    const { own, client } = await listening({});
    own.api.beginDraining();
    await until('the end', () => client.isOver());
    expect(client.messages.at(-1)).toMatchObject({ event: 'end', data: { reason: 'draining' } });
    expect(await own.as('operator').get('/v1/approval/feed')).toMatchObject({ status: 503, code: 'draining' });
    await own.server.stop();
    await own.stop();
  });
});

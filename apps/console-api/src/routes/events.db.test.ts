import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { formatCursor } from '@karmanflow/events';
import { renderMetrics } from '@karmanflow/runtime';
import { waitUntil } from '@karmanflow/runtime/testing';
import type { Scope } from '@karmanflow/schema';
import * as v from 'valibot';
import { eventPageShape } from '../document-shapes.ts';
import type { ApiAnswer } from '../testing/api-answer.ts';
import type { ApiClient } from '../testing/api-client.ts';
import { startTestApi, type TestApi } from '../testing/start-test-api.ts';
import { stockUp } from '../testing/stock.ts';

setDefaultTimeout(90_000);

let api: TestApi;
let operator: ApiClient;
let scope: Scope;
/** Eight events: of two stocks the variant, the location and the units, then of two more variants. */
const events = 8;
let variantId = '';
let correlationId = '';
let receiptId = '';
beforeAll(async () => {
  api = await startTestApi({ eventFeedLimits: { waitsPerTenant: 1 } });
  operator = api.as('operator');
  scope = { tenantId: api.tenant.tenantId, environmentId: api.tenant.environments.sandbox };
  ({ variantId } = await stockUp(operator, 5));
  await stockUp(operator, 5);
  const first = await operator.send('inventory.register_variant', { sku: 'A', name: 'A' });
  correlationId = first.headers.get('x-karmanflow-correlation-id') ?? '';
  receiptId = (first.json['receipt'] as { receipt: { receiptId: string } }).receipt.receiptId;
  await operator.succeed('inventory.register_variant', { sku: 'B', name: 'B' });
  await api.testLog.sequence();
});
afterAll(() => api.stop());

const pageOf = (answer: ApiAnswer) => {
  expect({ status: answer.status, text: answer.status === 200 ? '' : answer.text }).toEqual({ status: 200, text: '' });
  return v.parse(eventPageShape, answer.json);
};
const get = async (query: string) => pageOf(await operator.get(`/v1/events${query}`));
const waits = async (): Promise<number> =>
  Number(/^kf_event_page_waits(?:\{[^}]*\})? (\d+)$/m.exec((await renderMetrics(api.metrics, null)).body)?.[1]);

describe('the stream, page by page', () => {
  test('has every event once, in the order of positions that are 1, 2, 3 …', async () => {
    const whole = await get('?limit=200');
    expect(whole.events.map(({ seq }) => seq)).toEqual(Array.from({ length: events }, (_, at) => at + 1));
    expect(whole).toMatchObject({ seq: events, hasMore: false });
    for (const limit of [1, 3, events]) {
      const seen: string[] = [];
      let cursor = '';
      let lastSeen = 0;
      for (let more = true; more;) {
        const page = await get(`?limit=${limit}${cursor === '' ? '' : `&after=${cursor}`}`);
        for (const { seq, event } of page.events) {
          expect(seq).toBe(lastSeen + 1);
          lastSeen = seq;
          seen.push(event.eventId);
        }
        ({ cursor, hasMore: more } = page);
      }
      expect(seen).toEqual(whole.events.map(({ event }) => event.eventId));
      expect(await get(`?after=${cursor}`)).toEqual({ events: [], seq: events, cursor, hasMore: false });
    }
  });

  test('has cursors made of a position alone, which a restored dump keeps, unlike a transaction', async () => {
    const { cursor } = await get('?limit=3');
    expect(cursor).toBe(formatCursor(scope, 3));
    expect((await get(`?after=${cursor}&limit=1`)).events[0]?.seq).toBe(4);
  });

  test.each([
    ['type=inventory.variant.registered', 4],
    ['type=inventory.*', events],
    ['type=inventory.variant.*', 4],
    ['type=inventory.location.*,inventory.variant.registered', 6],
    ['type=reservation.*', 0],
    ['entityType=variant', 4],
    ['entityType=location&type=inventory.variant.*', 0],
  ])('thinned out by %s shows %d events', async (filter, count) => {
    const page = await get(`?limit=200&${filter}`);
    expect(page.events).toHaveLength(count);
    expect(page).toMatchObject({ seq: events, hasMore: false });
  });

  test('is thinned out by one entity, one receipt, or what belongs together', async () => {
    const of = async (filter: string) => (await get(`?limit=200&${filter}`)).events.map(({ seq }) => seq);
    expect(await of(`entityId=${variantId}`)).toEqual([1]);
    expect(await of(`entityType=variant&entityId=${variantId}`)).toEqual([1]);
    expect(await of(`entityType=location&entityId=${variantId}`)).toEqual([]);
    expect(await of(`correlationId=${correlationId}`)).toEqual([7]);
    expect(await of(`receiptId=${receiptId}`)).toEqual([7]);
  });

  test.each([
    'after=nonsense',
    'after=evc1_',
    'after=0.00000000-0000-0000-0000-000000000000',
    'limit=0',
    'limit=201',
    'wait=-1',
    'wait=21',
    'wait=1.5',
    'type=',
    'type=*',
    'type=A.b.c',
    'type=a.b.c,',
    'type=a.b.c.d.e',
    `type=${Array.from({ length: 17 }, () => 'a.b').join(',')}`,
    'entityType=A',
    'entityId=',
    `entityId=${'x'.repeat(201)}`,
    'receiptId=nonsense',
    'correlationId=nonsense',
    'unknown=1',
  ])('refuses %s', async (query) => {
    expect(await operator.get(`/v1/events?${query}`)).toMatchObject({ status: 400, code: 'input_invalid' });
  });

  test('refuses a cursor of elsewhere, and one that is ahead of the stream, and begins anew for neither', async () => {
    const others = [
      { ...scope, environmentId: api.tenant.environments.production },
      { ...scope, tenantId: (await api.createTenant()).tenantId },
    ];
    for (const other of others) {
      const answer = await operator.get(`/v1/events?after=${formatCursor(other, 1)}`);
      expect(answer).toMatchObject({ status: 400, code: 'cursor_elsewhere' });
    }
    for (const wait of [0, 1]) {
      const ahead = await operator.get(`/v1/events?wait=${wait}&after=${formatCursor(scope, events + 1)}`);
      expect(ahead).toMatchObject({ status: 409, code: 'cursor_ahead', json: { retryable: false } });
    }
  });
});

describe('a page that waits', () => {
  test('answers at once when there is something, and with what comes when there is nothing', async () => {
    expect((await get('?wait=20&limit=2')).events).toHaveLength(2);
    const waiting = get('?wait=20&after=latest&type=inventory.variant.*');
    await waitUntil({ what: 'somebody to wait', condition: async () => (await waits()) === 1 });
    await operator.succeed('inventory.register_location', { code: 'PASSED-OVER', name: 'Passed over' });
    await operator.succeed('inventory.register_variant', { sku: 'C', name: 'C' });
    await api.testLog.sequence();
    const page = await waiting;
    expect(page.events.map(({ seq }) => seq)).toEqual([events + 2]);
    expect(page.seq).toBe(events + 2);
    expect(await waits()).toBe(0);
  });

  test('answers with an empty page when its time is over', async () => {
    const page = await get('?wait=1&after=latest');
    expect(page).toMatchObject({ events: [], hasMore: false });
  });

  test('is one of a bounded number, and leaves when its client does', async () => {
    const leaving = new AbortController();
    const gone = operator
      .request('/v1/events?wait=20&after=latest', { signal: leaving.signal })
      .catch((error: unknown) => error);
    await waitUntil({ what: 'somebody to wait', condition: async () => (await waits()) === 1 });
    expect(await operator.get('/v1/events?wait=20&after=latest')).toMatchObject({ status: 503, code: 'overloaded' });
    leaving.abort();
    await gone;
    await waitUntil({ what: 'nobody to wait', condition: async () => (await waits()) === 0 });
  });

  test('shows nothing to a key that was revoked meanwhile', async () => {
    const spare = api.as('spare');
    const waiting = spare.get('/v1/events?wait=20&after=latest');
    await waitUntil({ what: 'somebody to wait', condition: async () => (await waits()) === 1 });
    const admin = await api.world.testDatabase.admin();
    await admin.query('update kf.api_keys set revoked_at = now() where id = $1', [
      api.tenant.keyIds['spare']?.slice(4),
    ]);
    await admin.end();
    const isRefused = async (): Promise<boolean> => (await spare.get('/v1/events')).status === 401;
    await waitUntil({ what: 'the key to be refused', condition: isRefused });
    await operator.succeed('inventory.register_variant', { sku: 'D', name: 'D' });
    await api.testLog.sequence();
    expect(await waiting).toMatchObject({ status: 401, code: 'unauthenticated' });
  });
});

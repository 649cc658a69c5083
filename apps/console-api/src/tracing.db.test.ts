import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver, waitUntil } from '@karmanflow/runtime/testing';
import type { ApiAnswer } from './testing/api-answer.ts';
import { startTestApi, type TestApi } from './testing/start-test-api.ts';
import { type Stock, stockUp } from './testing/stock.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const callerSpan = 'b7ad6b7169203331';
const fromCaller = `00-${traceId}-${callerSpan}-01`;

let receiver: OtlpReceiver;
let api: TestApi;
let stock: Stock;
beforeAll(async () => {
  receiver = startOtlpReceiver();
  process.env['OTEL_BSP_SCHEDULE_DELAY'] = '20';
  api = await startTestApi({ endpoint: receiver.endpoint });
  delete process.env['OTEL_BSP_SCHEDULE_DELAY'];
  stock = await stockUp(api.as('operator'), 100);
});
afterAll(async () => {
  await api.stop();
  await receiver.stop();
});

const reserve = (headers: Record<string, string>, quantity = 1): Promise<ApiAnswer> =>
  api.as('operator').send('reservation.create', { lines: [{ ...stock, quantity }] }, { headers });

/** The span of the request that this answer belongs to, with everything below it. */
async function traceOf(
  answer: ApiAnswer,
): Promise<{ request: ReceivedSpan; below: (parent: ReceivedSpan) => ReceivedSpan[] }> {
  const [, trace = '', span = ''] = (answer.headers.get('traceparent') ?? '').split('-');
  const find = () => receiver.spans.find((one) => one.spanId === span);
  await waitUntil({ what: 'the span of the request', condition: () => find() !== undefined });
  const request = find();
  if (request === undefined) throw new Error('no span');
  expect(request.traceId).toBe(trace);
  return { request, below: (parent) => receiver.spans.filter((one) => one.parentSpanId === parent.spanId) };
}

const named = (spans: readonly ReceivedSpan[], name: string): ReceivedSpan => {
  const found = spans.filter((span) => span.name === name);
  if (found[0] === undefined || found.length > 1) throw new Error(`${found.length} spans ${name}`);
  return found[0];
};

describe('a command', () => {
  test('is one trace: request, command, its queue and transaction, and the statements in it', async () => {
    const answer = await reserve({ traceparent: fromCaller });
    expect(answer.status).toBe(200);
    const { request, below } = await traceOf(answer);
    expect(request).toMatchObject({
      name: 'POST /v1/reservation/create',
      kind: 2,
      traceId,
      parentSpanId: callerSpan,
      serviceName: 'console-api',
      failed: false,
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/v1/reservation/create',
        'http.response.status_code': 200,
      },
    });
    const command = named(below(request), 'command reservation.create');
    named(below(command), 'command.queue');
    const transaction = named(below(command), 'command.transaction');
    const statements = below(transaction).map(({ name }) => name);
    expect(statements).toContain('db.statement BEGIN');
    expect(statements).toContain('db.statement COMMIT');
    expect(statements.filter((name) => name.startsWith('db.statement insert_command_receipts'))).toHaveLength(1);
  });

  test('shares its transaction with others: each of them is its parent or linked to it, also those that joined later', async () => {
    const admin = await api.world.testDatabase.admin();
    await admin.query('begin');
    await admin.query('select from kf.inventory_levels where variant_id = $1 for update', [stock.variantId.slice(4)]);
    const first = reserve({});
    await waitUntil({ what: 'the first transaction', condition: () => api.executor.load().transactions === 1 });
    const others = Array.from({ length: 12 }, () => reserve({}));
    await waitUntil({
      what: 'the others in the queue',
      condition: () => api.executor.load().waiting === others.length,
    });
    await admin.query('rollback');
    await admin.end();
    const traces = await Promise.all((await Promise.all([first, ...others])).map(traceOf));
    const [parent, ...joined] = traces.map(({ request, below }) => {
      const command = named(below(request), 'command reservation.create');
      return { ...command, children: below(command) };
    });
    const transaction = named(parent?.children ?? [], 'command.transaction');
    expect(transaction.attributes['kf.batch.commands']).toBe(1 + joined.length);
    expect(transaction.links.map(({ spanId }) => spanId).toSorted()).toEqual(
      joined.map(({ spanId }) => spanId).toSorted(),
    );
  });

  test('hands its own span on: to the answer, the receipt and the event', async () => {
    const answer = await reserve({ traceparent: fromCaller });
    const { request } = await traceOf(answer);
    const own = `00-${traceId}-${request.spanId}-01`;
    expect(answer.headers.get('traceparent')).toBe(own);
    const { receipt } = answer.json['receipt'] as { receipt: { traceparent: string; events: { id: string }[] } };
    expect(receipt.traceparent).toBe(own);
    await api.testLog.sequence();
    const { json } = await api.as('operator').get('/v1/events?limit=200');
    const events = (json['events'] as { event: Record<string, string> }[]).map(({ event }) => event);
    expect(events.find(({ eventId }) => eventId === receipt.events[0]?.id)?.['traceparent']).toBe(own);
  });

  test('without a caller that traces, the span of the request is the root', async () => {
    const { request } = await traceOf(await reserve({}));
    expect(request.parentSpanId).toBe('');
  });

  test.each([
    'nonsense',
    `00-${'0'.repeat(32)}-${callerSpan}-01`,
    `${fromCaller}-more`,
    `ff-${traceId}-${callerSpan}-01`,
  ])('a traceparent that is none is ignored: %s', async (traceparent) => {
    const answer = await reserve({ traceparent });
    expect(answer.status).toBe(200);
    const { request } = await traceOf(answer);
    expect(request.parentSpanId).toBe('');
    expect(request.traceId).not.toBe(traceId);
  });
});

describe('a request', () => {
  test('that fails marks its span, one that is refused does not', async () => {
    const refused = await traceOf(await reserve({}, 1_000_000));
    expect(refused.request).toMatchObject({ failed: false, attributes: { 'http.response.status_code': 409 } });
    const readiness = api.api;
    readiness.beginDraining();
    const draining = await traceOf(await api.as('operator').get('/readyz'));
    expect(draining.request).toMatchObject({ failed: true, attributes: { 'http.response.status_code': 503 } });
  });

  test('for something unknown has a span that does not repeat what was asked for', async () => {
    const { request } = await traceOf(await api.as('operator').get('/v1/kf_secret/thing?key=kf_secret'));
    expect(request.name).toBe('GET unmatched');
  });

  test('no span holds a key, an input, an id of an entity, or a statement with values', async () => {
    const text = JSON.stringify(receiver.spans);
    expect(receiver.spans.length).toBeGreaterThan(20);
    for (const key of Object.values(api.tenant.keys)) expect(text).not.toContain(key);
    for (const word of ['kf_secret', stock.variantId.slice(4), 'MUG-', 'Bearer']) expect(text).not.toContain(word);
  });
});

test('log lines and spans are joined by the ids of the trace', async () => {
  const answer = await reserve({ traceparent: fromCaller });
  const { request } = await traceOf(answer);
  const requestId = answer.headers.get('x-karmanflow-request-id');
  const lines = api.log.lines().filter((line) => line['request_id'] === requestId);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ trace_id: traceId, span_id: request.spanId });
});

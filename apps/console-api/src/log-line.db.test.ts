import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { serveMetrics, createLogger } from '@karmanflow/runtime';
import { captureLog } from '@karmanflow/runtime/testing';
import { apiAnswerOf, type ApiAnswer } from './testing/api-answer.ts';
import { startTestApi, type TestApi } from './testing/start-test-api.ts';
import { type Stock, stockUp } from './testing/stock.ts';

let api: TestApi;
let stock: Stock;
beforeAll(async () => {
  api = await startTestApi();
  stock = await stockUp(api.as('operator'), 100);
});
afterAll(() => api.stop());

const reserve = (quantity: number, key: string): Promise<ApiAnswer> =>
  api
    .as('operator')
    .send('reservation.create', { lines: [{ ...stock, quantity }], reference: 'order-of-jane' }, { key });

function linesOf(answer: ApiAnswer): readonly Record<string, unknown>[] {
  const requestId = answer.headers.get('x-karmanflow-request-id');
  return api.log.lines().filter((line) => line['request_id'] === requestId);
}

describe('the log', () => {
  test('has one line for a command, which says all that an operator asks for and nothing of the input', async () => {
    const answer = await reserve(1, 'secret-intention');
    const lines = linesOf(answer);
    expect(lines).toHaveLength(1);
    const { receipt } = answer.json['receipt'] as { receipt: Record<string, string> };
    expect(lines[0]).toEqual({
      level: 'info',
      severity: 'INFO',
      time: expect.any(String),
      app: 'console-api',
      trace_id: answer.headers.get('traceparent')?.split('-')[1],
      span_id: answer.headers.get('traceparent')?.split('-')[2],
      correlation_id: answer.headers.get('x-karmanflow-correlation-id'),
      request_id: answer.headers.get('x-karmanflow-request-id'),
      method: 'POST',
      route: '/v1/reservation/create',
      status: 200,
      milliseconds: expect.any(Number),
      commandType: 'reservation.create',
      tenantId: api.tenant.tenantId,
      environmentId: api.tenant.environments.sandbox,
      actorId: expect.stringMatching(/^prn_/),
      apiKeyId: api.tenant.keyIds['operator'],
      outcome: 'SUCCEEDED',
      receiptId: receipt['receiptId'],
      replayed: false,
      message: 'request',
    });
  });

  test('tells replays, refusals, denials and rejections apart', async () => {
    await reserve(1, 'again');
    expect(linesOf(await reserve(1, 'again'))[0]).toMatchObject({ outcome: 'SUCCEEDED', replayed: true });
    expect(linesOf(await reserve(1_000, 'much'))[0]).toMatchObject({
      outcome: 'REFUSED',
      refusal: 'stock_insufficient',
      status: 409,
    });
    expect(linesOf(await reserve(2, 'again'))[0]).toMatchObject({ outcome: 'idempotency_key_reused', status: 422 });
    const denied = await api.as('viewer').send('reservation.create', { lines: [{ ...stock, quantity: 1 }] });
    expect(linesOf(denied)[0]).toMatchObject({ outcome: 'DENIED', status: 403 });
    const invalid = await api.as('operator').send('reservation.create', { lines: [] });
    expect(linesOf(invalid)[0]).toMatchObject({ outcome: 'input_invalid', status: 400 });
    expect(linesOf(await api.as('operator').get('/v1/events'))[0]).toMatchObject({
      queryType: 'event.list',
      status: 200,
    });
  });

  test('holds no body, no header, no path and no query string', async () => {
    const hostile = 'kf_leak';
    await api.as('operator').get(`/${hostile}/x?${hostile}=1`);
    await api.as('operator').get(`/v1/inventory/levels?${hostile}=${hostile}`);
    await api
      .as('operator')
      .send('reservation.create', `{"${hostile}": "${hostile}"}`, { headers: { 'x-other': hostile } });
    await api.as('operator').request(`/v1/events`, { method: hostile });
    const text = api.log.text();
    for (const word of [hostile, 'order-of-jane', 'secret-intention', 'Bearer', ...Object.values(api.tenant.keys)]) {
      expect(text).not.toContain(word);
    }
  });
});

describe('the metrics', () => {
  test('are on a port of their own and count requests by route pattern, method and class of status', async () => {
    const logger = createLogger({ app: 'console-api', level: 'silent', destination: captureLog().destination });
    const server = serveMetrics({ port: 0, hostname: '127.0.0.1', metrics: api.metrics, logger });
    const read = async (): Promise<string> =>
      (await apiAnswerOf(await fetch(`http://127.0.0.1:${server.port}/metrics`))).text;
    const count = (text: string, labels: string): number =>
      Number(new RegExp(`^kf_http_requests_total\\{${labels}.*\\} (\\d+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
    const created = 'route="/v1/reservation/create",method="POST",status="2xx"';
    const unmatched = 'route="unmatched",method="OTHER",status="4xx"';
    const before = await read();
    expect(count(before, created)).toBeGreaterThanOrEqual(0);
    await reserve(1, Bun.randomUUIDv7());
    await api.as('operator').request(`/${Bun.randomUUIDv7()}`, { method: 'PROPFIND' });
    const after = await read();
    expect(count(after, created)).toBe(count(before, created) + 1);
    expect(count(after, unmatched)).toBe(count(before, unmatched) + 1);
    // A page of metrics is long: whether it has a line is asked here, so that a failure stays readable.
    const has = (pattern: RegExp): boolean => pattern.test(after);
    expect(
      has(
        /^kf_http_request_duration_seconds_count\{[^}]*route="\/v1\/reservation\/create",method="POST",status="2xx"[^}]*\} [1-9]/m,
      ),
    ).toBe(true);
    expect(has(/^kf_read_database_connections\{[^}]*\} [1-9]/m)).toBe(true);
    expect(has(/^kf_read_database_waiting_callers\{[^}]*\} 0$/m)).toBe(true);
    expect(has(/(?:tnt|env|var|kfreq)_[0-9a-f]{8}/)).toBe(false);
    await server.stop();
  });
});

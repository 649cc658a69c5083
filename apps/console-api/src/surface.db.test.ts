import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Executor, isWorthRetrying } from '@karmanflow/commands';
import { parseKeySet } from '@karmanflow/receipts';
import { errorCatalogue, openDatabase, type TransportErrorCode } from '@karmanflow/schema';
import * as v from 'valibot';
import { healthShape, keySetShape, problemShape, receiptDocumentShape } from './document-shapes.ts';
import type { ApiClient } from './testing/api-client.ts';
import { startTestApi, type TestApi } from './testing/start-test-api.ts';

let api: TestApi;
let operator: ApiClient;
beforeAll(async () => {
  api = await startTestApi();
  operator = api.as('operator');
});
afterAll(() => api.stop());

describe('what is not there', () => {
  test.each([
    '/',
    '/v1',
    '/v1/',
    '/v1/reservation/create/',
    '/V1/reservation/create',
    '/v1/access/bootstrap_tenant',
    '/metrics',
    '/.env',
    '/docs/',
  ])('%s is 404', async (path) => {
    for (const method of ['GET', 'POST', 'OPTIONS']) {
      const answer = await operator.request(path, { method });
      expect(answer.status).toBe(404);
      expect(v.parse(problemShape, answer.json).code).toBe('not_found');
    }
  });

  test.each([
    ['GET', '/v1/reservation/create', 'POST, OPTIONS'],
    ['PUT', '/v1/reservation/create', 'POST, OPTIONS'],
    ['POST', '/v1/reservation/get', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/v1/receipts/rcp_x', 'GET, HEAD, OPTIONS'],
    ['PATCH', '/healthz', 'GET, HEAD, OPTIONS'],
  ])('%s %s is 405 and says what is allowed', async (method, path, allow) => {
    const answer = await operator.request(path, { method });
    expect(answer).toMatchObject({ status: 405, code: 'method_not_allowed' });
    expect(answer.headers.get('allow')).toBe(allow);
  });

  test('OPTIONS says what is allowed, and grants nothing to other origins', async () => {
    const headers = {
      origin: 'https://evil.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    };
    const preflight = await operator.request('/v1/reservation/create', { method: 'OPTIONS', headers });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('allow')).toBe('POST, OPTIONS');
    const plain = await operator.get('/v1/inventory/levels', { origin: 'https://evil.example' });
    for (const answer of [preflight, plain]) {
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });

  test('HEAD is GET without the body', async () => {
    for (const path of ['/healthz', '/docs', '/v1/inventory/levels']) {
      const got = await operator.get(path);
      const head = await operator.request(path, { method: 'HEAD' });
      expect([head.status, head.text]).toEqual([got.status, '']);
      expect(head.headers.get('content-type')).toBe(got.headers.get('content-type'));
    }
  });
});

describe('every answer', () => {
  test.each(['/healthz', '/docs', '/openapi.json', '/nothing', '/v1/inventory/levels', '/v1/inventory/levels?limit=0'])(
    '%s carries the ids of its request and is inert in a browser',
    async (path) => {
      const { headers } = await operator.get(path);
      expect(headers.get('x-karmanflow-request-id')).toMatch(/^kfreq_[0-9a-f-]{36}$/);
      expect(headers.get('x-karmanflow-correlation-id')).toMatch(/^kfcor_[0-9a-f-]{36}$/);
      expect(headers.get('traceparent')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toStartWith("default-src 'none'");
      expect(headers.get('cache-control')).not.toBeNull();
      expect(headers.get('server')).toBeNull();
    },
  );

  test('a malformed header of identity is refused without repeating it', async () => {
    for (const name of ['x-karmanflow-correlation-id', 'x-karmanflow-causation-id']) {
      const answer = await operator.get('/v1/inventory/levels', { [name]: 'not one of ours' });
      expect(answer).toMatchObject({ status: 400, code: 'header_invalid' });
      expect(answer.text).not.toContain('not one of ours');
      expect(answer.headers.get('x-karmanflow-correlation-id')).toMatch(/^kfcor_/);
    }
  });
});

describe('documents', () => {
  test('the keys are a key set that may be cached', async () => {
    const answer = await operator.get('/.well-known/karmanflow/receipt-keys.json');
    expect(v.is(keySetShape, answer.json)).toBe(true);
    expect(parseKeySet(answer.json)).toMatchObject({ ok: true });
    expect(answer.headers.get('cache-control')).toBe('public, max-age=300');
    expect(answer.headers.get('content-type')).toBe('application/jwk-set+json');
  });

  test('the OpenAPI document is the one that routes were made from', async () => {
    const answer = await operator.get('/openapi.json');
    expect(answer.json).toEqual(JSON.parse(JSON.stringify(api.api.document)));
  });

  test('a receipt is read as it was given', async () => {
    const sent = await operator.send('inventory.register_location', { code: 'L-1', name: 'One' });
    const { receiptId } = v.parse(receiptDocumentShape, sent.json['receipt']).receipt;
    const read = await operator.get(`/v1/receipts/${receiptId}`);
    expect(sent.text).toContain(read.text);
    expect(await operator.get('/v1/receipts/nonsense')).toMatchObject({ status: 400, code: 'input_invalid' });
    expect(await api.as('nobody').get(`/v1/receipts/${receiptId}`)).toMatchObject({
      status: 403,
      json: { rule: 'scope_missing' },
    });
  });

  test('a field that is given twice is refused', async () => {
    const answer = await operator.get('/v1/events?limit=1&limit=2');
    expect(answer.json['issues']).toEqual([{ path: 'limit', message: 'given twice' }]);
  });

  test('who may not read is told the rule and not whether there is something', async () => {
    const denied = await api.as('nobody').get('/v1/reservation/get?reservationId=nonsense');
    expect(v.parse(problemShape, denied.json)).toMatchObject({
      status: 403,
      code: 'policy_denied',
      rule: 'scope_missing',
    });
  });
});

describe('health', () => {
  test('is fine', async () => {
    expect(v.is(healthShape, (await operator.get('/healthz')).json)).toBe(true);
    expect(v.is(healthShape, (await operator.get('/readyz')).json)).toBe(true);
  });
});

describe('without a database to read from', () => {
  let broken: TestApi;
  beforeAll(async () => {
    broken = await startTestApi({
      readDatabase: () => openDatabase({ url: 'postgresql://nobody@127.0.0.1:1/nothing', applicationName: 'nothing' }),
    });
  });
  afterAll(() => broken.stop());

  test('the process lives, is not ready, and asks for a retry without a word about its database', async () => {
    expect((await broken.as('operator').get('/healthz')).status).toBe(200);
    const ready = await broken.as('operator').get('/readyz');
    const command = await broken.as('operator').send('inventory.register_location', { code: 'L-1', name: 'One' });
    for (const answer of [ready, command]) {
      expect(answer).toMatchObject({ status: 503, code: 'database_unavailable' });
      expect(answer.headers.get('retry-after')).toBe('1');
      expect(answer.text).not.toMatch(/127\.0\.0\.1|nobody|ECONN/);
    }
  });
});

describe('what the executor rejects', () => {
  const codes = (Object.keys(errorCatalogue) as TransportErrorCode[]).filter((code) => code in errorCatalogue);

  test.each([
    'overloaded',
    'draining',
    'deadline_exceeded',
    'database_unavailable',
    'outcome_unknown',
    'internal_error',
    'idempotency_key_elsewhere',
  ] as const)('%s has the status of the catalogue', async (code) => {
    expect(codes).toContain(code);
    const rejecting = (executor: Executor): Executor => ({
      ...executor,
      execute: async (parsed, metadata) =>
        parsed.definition.type === 'inventory.adjust'
          ? { kind: 'rejected', code, detail: 'made to fail' }
          : executor.execute(parsed, metadata),
    });
    const failing = await startTestApi({ executor: (world) => rejecting(world.executor) });
    const input = {
      variantId: `var_${Bun.randomUUIDv7()}`,
      locationId: `loc_${Bun.randomUUIDv7()}`,
      delta: 1,
      reason: 'x',
    };
    const answer = await failing.as('operator').send('inventory.adjust', input);
    await failing.stop();
    const problem = v.parse(problemShape, answer.json);
    expect(problem).toMatchObject({ code, status: errorCatalogue[code].status, detail: 'made to fail' });
    expect(problem.retryable || !isWorthRetrying(code)).toBe(true);
    expect(problem.receipt).toBeUndefined();
  });
});

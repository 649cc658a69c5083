import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { waitUntil } from '@karmanflow/runtime/testing';
import type { ApiAnswer } from './testing/api-answer.ts';
import { ApiClient } from './testing/api-client.ts';
import { rawRequest, rawText } from './testing/raw-request.ts';
import { startTestApi, type TestApi } from './testing/start-test-api.ts';

const path = '/v1/inventory/levels';
let api: TestApi;
let key: string;
let unauthenticated: ApiAnswer;
beforeAll(async () => {
  api = await startTestApi();
  key = api.tenant.keys['operator'] ?? '';
  unauthenticated = await withHeaders({});
});
afterAll(() => api.stop());

const withHeaders = (headers: Record<string, string>): Promise<ApiAnswer> =>
  new ApiClient(api.url, '').get(path, headers);
const withKey = (text: string): Promise<ApiAnswer> => withHeaders({ authorization: `Bearer ${text}` });

/** Everything of an answer that is not about the one request that it belongs to. */
function shape({ status, text, headers }: ApiAnswer): unknown {
  const own = new Set(['date', 'traceparent', 'x-karmanflow-request-id', 'x-karmanflow-correlation-id']);
  return { status, text, headers: [...headers].filter(([name]) => !own.has(name)) };
}

function changed(text: string, from: number, to: number): string {
  const other = text[from] === 'a' ? 'b' : 'a';
  return `${text.slice(0, from)}${other}${text.slice(to)}`;
}

async function expire(name: string): Promise<void> {
  const admin = await api.world.testDatabase.admin();
  const id = api.tenant.keyIds[name]?.slice('key_'.length);
  const { rowCount } = await admin.query(
    "update kf.api_keys set expires_at = now() - interval '1 second' where id = $1",
    [id],
  );
  expect(rowCount).toBe(1);
}

describe('a request without a live key', () => {
  test('is 401 with a challenge, and nothing else', () => {
    expect(unauthenticated).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect(unauthenticated.headers.get('www-authenticate')).toBe('Bearer realm="karmanflow"');
    expect(Object.keys(unauthenticated.json)).toEqual(['type', 'title', 'status', 'code', 'whatToDo', 'retryable']);
  });

  test('the key that works, works', async () => {
    expect((await withKey(key)).status).toBe(200);
    expect((await withHeaders({ authorization: `bearer  ${key}` })).status).toBe(200);
  });

  const secretAt = 'kf_'.length + 2 * 33;
  const wrongKeys: Record<string, (text: string) => string> = {
    'not a key': () => 'nonsense',
    'too long': (text) => text.repeat(50),
    'of no tenant': (text) => changed(text, 10, 11),
    'of no key': (text) => changed(text, secretAt - 4, secretAt - 3),
    'with a wrong secret': (text) => changed(text, secretAt + 3, secretAt + 4),
    'cut short': (text) => text.slice(0, -1),
    'in upper case': (text) => text.toUpperCase(),
  };
  test.each(Object.keys(wrongKeys))('a key %s looks the same', async (kind) => {
    const wrong = wrongKeys[kind]?.(key) ?? '';
    expect(wrong).not.toBe(key);
    expect(shape(await withKey(wrong))).toEqual(shape(unauthenticated));
  });

  test('a revoked one looks the same, as soon as no answer about it is kept any more', async () => {
    const revoked = api.tenant.keys['spare'] ?? '';
    expect((await withKey(revoked)).status).toBe(200);
    await api.as('operator').succeed('access.revoke_api_key', { apiKeyId: api.tenant.keyIds['spare'] });
    await waitUntil({ what: 'the key to stop', condition: async () => (await withKey(revoked)).status === 401 });
    expect(shape(await withKey(revoked))).toEqual(shape(unauthenticated));
  });

  test('an expired one looks the same', async () => {
    await expire('nobody');
    expect(shape(await withKey(api.tenant.keys['nobody'] ?? ''))).toEqual(shape(unauthenticated));
  });

  test.each([
    ['without a scheme', (text: string) => text],
    ['of another scheme', (text: string) => `Basic ${text}`],
    ['with two keys', (text: string) => `Bearer ${text} ${text}`],
    ['with a parameter', (text: string) => `Bearer ${text}, realm="x"`],
    ['in quotes', (text: string) => `Bearer "${text}"`],
  ])('a header %s is not read', async (_kind, header) => {
    expect(shape(await withHeaders({ authorization: header(key) }))).toEqual(shape(unauthenticated));
  });

  test('two Authorization headers are refused, also when both are right', async () => {
    for (const second of [key, 'nonsense']) {
      const text = rawText({
        line: `GET ${path} HTTP/1.1`,
        headers: [`Authorization: Bearer ${key}`, `Authorization: Bearer ${second}`],
      });
      expect(await rawRequest(api.server.port, text)).toStartWith('HTTP/1.1 401 ');
    }
  });

  test.each(['key', 'api_key', 'access_token', 'authorization'])(
    'a key in the query string as %s is refused',
    async (name) => {
      const client = new ApiClient(api.url, '');
      expect((await client.get(`${path}?${name}=${key}`, {})).status).toBe(401);
      const both = await api.as('operator').get(`${path}?${name}=${key}`);
      expect(both).toMatchObject({ status: 400, code: 'input_invalid' });
      const command = await api.as('operator').request(`/v1/reservation/create?${name}=${key}`, {
        method: 'POST',
        headers: { 'idempotency-key': 'a', 'content-type': 'application/json' },
        body: '{}',
      });
      expect(command).toMatchObject({ status: 400, code: 'input_invalid' });
    },
  );

  test('a cookie is not a credential', async () => {
    expect(shape(await withHeaders({ cookie: `authorization=Bearer ${key}` }))).toEqual(shape(unauthenticated));
  });

  test('every guarded operation refuses it alike, before it looks at anything else', async () => {
    let operations = 0;
    for (const [route, methods] of Object.entries(api.api.document.paths)) {
      for (const method of Object.keys(methods)) {
        if (!route.startsWith('/v1/')) continue;
        operations += 1;
        const answer = await new ApiClient(api.url, 'nonsense').request(route, { method: method.toUpperCase() });
        expect(shape(answer)).toEqual(shape(unauthenticated));
      }
    }
    expect(operations).toBeGreaterThan(15);
  });

  test('no key, and no part of a secret, is in the log', () => {
    const text = api.log.text();
    expect(text).toContain('"unauthenticated"');
    for (const live of Object.values(api.tenant.keys)) {
      expect(text).not.toContain(live);
      expect(text).not.toContain(live.slice(-43));
    }
    expect(text).not.toContain('nonsense');
  });
});

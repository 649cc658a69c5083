import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import * as v from 'valibot';
import { problemShape } from '../document-shapes.ts';
import type { ApiAnswer } from '../testing/api-answer.ts';
import { ApiClient } from '../testing/api-client.ts';
import { startTestApi, type TestApi } from '../testing/start-test-api.ts';

// Where nobody can log in: the endpoints of sessions are there all the same, and answer keys.
let api: TestApi;
let sound: Record<string, string>;
beforeAll(async () => {
  api = await startTestApi();
  sound = { tenantId: api.tenant.tenantId, environmentId: api.tenant.environments.sandbox };
});
afterAll(() => api.stop());

const post = (verb: string, body: string, headers: Record<string, string> = {}): Promise<ApiAnswer> =>
  api.as('operator').request(`/v1/session/${verb}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });

function issuesOf(answer: ApiAnswer): unknown {
  expect(answer).toMatchObject({ status: 400, code: 'input_invalid' });
  return v.parse(problemShape, answer.json).issues?.map(({ path }) => path);
}

describe('what is not as it should be', () => {
  test('is refused by name', async () => {
    expect(issuesOf(await post('select', JSON.stringify({ ...sound, surplus: 1 })))).toEqual(['surplus']);
    expect(issuesOf(await post('select', JSON.stringify({ ...sound, tenantId: 1 })))).toEqual(['tenantId']);
    expect(issuesOf(await post('select', JSON.stringify({ tenantId: sound['tenantId'] })))).toEqual(['environmentId']);
    expect(issuesOf(await post('close', '{"surplus":1}'))).toEqual(['surplus']);
    for (const body of ['[]', 'null', '1', '"text"']) {
      issuesOf(await post('select', body));
      issuesOf(await post('close', body));
    }
    expect(issuesOf(await api.as('operator').get('/v1/session?surplus=1'))).toEqual(['surplus']);
    expect(issuesOf(await post('close?surplus=1', '{}'))).toEqual(['']);
  });

  test.each([
    ['{', 400, 'json_malformed'],
    ['x'.repeat(300_000), 413, 'body_too_large'],
  ])('as a body is refused (%#)', async (body, status, code) => {
    expect(await post('select', body)).toMatchObject({ status, code });
  });

  test('as a type is refused', async () => {
    expect(await post('close', '{}', { 'content-type': 'text/plain' })).toMatchObject({ status: 415 });
  });
});

describe('without a provider', () => {
  test('there is nobody to log in with, and no session to have', async () => {
    for (const path of ['/login', '/login?returnTo=/x', '/login/callback?code=a&state=b']) {
      const answer = await new ApiClient(api.url, '').get(path, {});
      expect(answer).toMatchObject({ status: 503, code: 'login_unavailable' });
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    expect(await post('select', JSON.stringify(sound))).toMatchObject({ status: 401, code: 'session_required' });
    expect(await post('close', '{}')).toMatchObject({ status: 401, code: 'session_required' });
  });

  test('a key is told who it is, and a cookie is nothing', async () => {
    const shown = await api.as('operator').get('/v1/session', { cookie: 'kf_session=a; kf_seen=b' });
    expect(shown).toMatchObject({ status: 200, json: { data: { credential: 'api_key', csrfToken: null } } });
    const answer = await api
      .as('none')
      .request('/v1/session', { headers: { authorization: '', cookie: 'kf_session=a' } });
    expect(answer).toMatchObject({ status: 401, code: 'unauthenticated' });
  });
});

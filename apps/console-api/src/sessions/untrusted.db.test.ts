import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { ApiAnswer } from '../testing/api-answer.ts';
import { sessionLimits } from './session-limits.ts';
import { Browser } from './testing/browser.ts';
import { type Lie, startTestProvider, type TestProvider } from './testing/test-provider.ts';
import { pageHeaders, type SessionTenant, type SessionWorld, startSessionWorld } from './testing/session-world.ts';

// With a provider that says what the test wants, and requests that no page of ours would send.
setDefaultTimeout(90_000);
let provider: TestProvider;
let world: SessionWorld;
let tenant: SessionTenant;
beforeAll(async () => {
  provider = startTestProvider('ada');
  world = await startSessionWorld({ issuer: provider.issuer, clientId: 'console', clientSecret: 'a secret' });
  tenant = await world.createTenant({ name: 'Acme', environments: ['sandbox'], people: { ada: ['operator'] } });
});
afterEach(() => {
  provider.lie({});
  world.turnBack();
});
afterAll(async () => {
  await world.stop();
  await provider.stop();
});

/** A login under a lie, from /login to what the browser is told on its return. */
async function logIn(lie: Lie = {}, browser = new Browser(), query = ''): Promise<ApiAnswer> {
  provider.lie(lie);
  const stopsAt = (to: string): boolean => to.startsWith(world.redirectUri);
  const { url } = await browser.follow(`${world.url}/login${query}`, { stopsAt });
  expect(stopsAt(url)).toBe(true);
  return browser.request(url);
}

async function loggedIn(): Promise<Browser> {
  const browser = new Browser();
  expect((await logIn({}, browser)).status).toBe(302);
  return browser;
}

const seconds = (): number => Math.floor(Date.now() / 1000);
const loginAge = async (browser: Browser): Promise<unknown> =>
  ((await browser.request(`${world.url}/v1/session`)).json['data'] as Record<string, unknown>)['loginAgeSeconds'];

describe('what a browser is sent away with', () => {
  test('is a code challenge, a state and a nonce that are new each time, and how old a login may be', async () => {
    const seen: URLSearchParams[] = [];
    for (const query of ['', '?maxAge=0', '?maxAge=60', '?maxAge=9999']) {
      await logIn({}, new Browser(), query);
      seen.push(provider.lastAuthorization());
    }
    for (const parameters of seen) {
      expect(Object.fromEntries(parameters)).toMatchObject({
        response_type: 'code',
        client_id: 'console',
        redirect_uri: world.redirectUri,
        scope: 'openid',
        code_challenge_method: 'S256',
      });
    }
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(new Set(seen.map((parameters) => parameters.get(name))).size).toBe(seen.length);
    }
    const maximum = String(sessionLimits.loginMaxAgeSeconds);
    expect(seen.map((one) => one.get('max_age'))).toEqual([maximum, '0', '60', maximum]);
    expect(seen.map((one) => one.get('prompt'))).toEqual([null, 'login', null, null]);
  });
});

describe('a provider', () => {
  test('that says the truth is believed', async () => {
    expect(await logIn()).toMatchObject({ status: 302 });
  });

  const lies: Record<string, Lie> = {
    'names another nonce': { claims: { nonce: 'another' } },
    'names no nonce': { claims: { nonce: undefined } },
    'names another issuer': { claims: { iss: 'https://id.example.com' } },
    'sends the browser back as another issuer': { callback: { iss: 'https://id.example.com' } },
    'speaks to somebody else': { claims: { aud: 'somebody-else' } },
    'speaks of what is over': { claims: { exp: 1_000_000_000 } },
    'names nobody': { claims: { sub: undefined } },
    'names somebody without end': { claims: { sub: 'a'.repeat(sessionLimits.subjectCharacters + 1) } },
    'does not say when': { claims: { auth_time: undefined } },
    'says when in words': { claims: { auth_time: 'now' } },
    'speaks of a login long ago': { claims: { auth_time: 1_000_000_000 } },
    'speaks of a login to come': { claims: { auth_time: 9_000_000_000 } },
    'signs with a key of nobody': { signsWithAnotherKey: true },
  };
  test.each(Object.keys(lies))('that %s is not believed', async (name) => {
    const browser = new Browser();
    const answer = await logIn(lies[name], browser);
    expect(answer).toMatchObject({ status: 400, code: 'login_failed' });
    expect(browser.cookie('kf_session') + browser.cookie('kf_seen')).toBe('');
    expect(answer.text).not.toMatch(/eyJ|JWT|example\.com/);
  });

  test('that falls over is waited for', async () => {
    expect(await logIn({ tokenStatus: 502 })).toMatchObject({ status: 503, code: 'login_unavailable' });
  });
});

describe('a login that has to be fresh', () => {
  test('makes the session fresh', async () => {
    const browser = new Browser();
    await logIn({ claims: { auth_time: seconds() - 1_200 } }, browser);
    expect(await loginAge(browser)).toBeGreaterThanOrEqual(1_200);
    const before = browser.cookie('kf_session');
    expect((await logIn({}, browser, '?maxAge=0')).status).toBe(302);
    expect(await loginAge(browser)).toBeLessThan(60);
    expect(browser.cookie('kf_session')).not.toBe(before);
  });

  test('and is not is refused, and the session stays as old as it was', async () => {
    const browser = new Browser();
    await logIn({ claims: { auth_time: seconds() - 1_200 } }, browser);
    const stale = await logIn({ claims: { auth_time: seconds() - 1_200 } }, browser, '?maxAge=0');
    expect(stale).toMatchObject({ status: 400, code: 'login_failed' });
    expect(await loginAge(browser)).toBeGreaterThanOrEqual(1_200);
  });

  test('may take its time to be typed', async () => {
    const browser = new Browser();
    provider.lie({ claims: { auth_time: seconds() } });
    const stopsAt = (to: string): boolean => to.startsWith(world.redirectUri);
    const { url } = await browser.follow(`${world.url}/login?maxAge=0`, { stopsAt });
    world.pass(300_000);
    expect((await browser.request(url)).status).toBe(302);
  });
});

describe('a request that changes something', () => {
  const path = '/v1/inventory/register_location';
  const send = (browser: Browser, headers: Record<string, string>): Promise<ApiAnswer> =>
    browser.request(`${world.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': Bun.randomUUIDv7(), ...headers },
      body: JSON.stringify({ code: `L-${Bun.randomUUIDv7()}`, name: 'A place' }),
    });
  let browser: Browser;
  let right: Record<string, string>;
  let foreign: Record<string, string>;
  beforeAll(async () => {
    browser = await loggedIn();
    right = await pageHeaders(browser, world.url);
    foreign = await pageHeaders(await loggedIn(), world.url);
  });
  const without = (name: string): Record<string, string> =>
    Object.fromEntries(Object.entries(right).filter(([header]) => header !== name));

  test('from a page of ours is done', async () => {
    expect((await send(browser, right)).status).toBe(200);
    expect((await send(browser, { ...right, 'sec-fetch-site': 'same-origin' })).status).toBe(200);
    expect((await send(browser, { ...without('origin'), 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  });

  const forgeries: Record<string, () => Record<string, string>> = {
    'without the token': () => without('x-karmanflow-csrf'),
    'with an empty token': () => ({ ...right, 'x-karmanflow-csrf': '' }),
    'with the token of another session': () => ({ ...right, 'x-karmanflow-csrf': foreign['x-karmanflow-csrf'] ?? '' }),
    'with the token twice': () => ({
      ...right,
      'x-karmanflow-csrf': `${right['x-karmanflow-csrf']}, ${right['x-karmanflow-csrf']}`,
    }),
    'from nowhere': () => without('origin'),
    'from another site': () => ({ ...right, origin: 'https://evil.example' }),
    'from a document without an origin': () => ({ ...right, origin: 'null' }),
    'from another port': () => ({ ...right, origin: 'http://127.0.0.1:1' }),
    'from an address that begins like ours': () => ({ ...right, origin: `${world.url}.evil.example` }),
    'from another site, as the browser says': () => ({ ...right, 'sec-fetch-site': 'cross-site' }),
    'from another host of the site': () => ({ ...right, 'sec-fetch-site': 'same-site' }),
    'from the address bar': () => ({ ...right, 'sec-fetch-site': 'none' }),
  };
  test.each(Object.keys(forgeries))('%s is refused, and changes nothing', async (name) => {
    const admin = await world.world.testDatabase.admin();
    const count = async (): Promise<number> =>
      (await admin.query('select count(*)::int as n from kf.command_receipts')).rows[0].n;
    const before = await count();
    expect(await send(browser, forgeries[name]?.() ?? {})).toMatchObject({ status: 403, code: 'csrf_token_invalid' });
    expect(await count()).toBe(before);
  });

  test.each(['select', 'close'])('is refused without the token at /v1/session/%s as well', async (verb) => {
    const input = verb === 'close' ? {} : { tenantId: tenant.tenantId, environmentId: tenant.environments['sandbox'] };
    const answer = await browser.request(`${world.url}/v1/session/${verb}`, {
      method: 'POST',
      headers: without('x-karmanflow-csrf'),
      body: JSON.stringify(input),
    });
    expect(answer).toMatchObject({ status: 403, code: 'csrf_token_invalid' });
    expect((await browser.request(`${world.url}/v1/session`)).status).toBe(200);
  });

  test('needs no token with a key, and a key needs no origin', async () => {
    const authorization = `Bearer ${tenant.keys['ada'] ?? ''}`;
    expect((await send(new Browser(), { authorization })).status).toBe(200);
  });

  test('that only reads needs none', async () => {
    const answer = await browser.request(`${world.url}/v1/inventory/levels`, {
      headers: { 'sec-fetch-site': 'cross-site' },
    });
    expect(answer.status).toBe(200);
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });
});

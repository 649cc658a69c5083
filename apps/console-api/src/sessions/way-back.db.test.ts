import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { sessionLimits } from './session-limits.ts';
import { Browser } from './testing/browser.ts';
import { type Places, startPlaces } from './testing/places.ts';
import { startSessionWorld } from './testing/session-world.ts';

// What can go wrong between the provider and us.
setDefaultTimeout(90_000);
let places: Places;
beforeAll(async () => {
  places = await startPlaces();
});
afterEach(() => places.world.turnBack());
afterAll(() => places.stop());

describe('logging in again', () => {
  test('goes on where one was, with a session that is new', async () => {
    const browser = await places.loggedIn('bob');
    await places.select(browser, places.alpha, 'production');
    const old = browser.twin();
    const answer = await places.logIn('bob', browser, '?maxAge=0&returnTo=/approvals');
    expect(answer.headers.get('location')).toBe('/approvals');
    const shown = await places.session(browser);
    expect(shown.binding).toMatchObject({
      tenantId: places.alpha.tenantId,
      environmentId: places.alpha.environments['production'],
    });
    places.world.pass(1_000);
    expect(await places.statusOf(old)).toBe(401);
  });

  test.each(['?maxAge=', '?maxAge=-1', '?maxAge=1.5', '?maxAge=99999', '?other=1'])('%s is refused', async (query) => {
    const answer = await new Browser().request(`${places.world.url}/login${query}`);
    expect(answer).toMatchObject({ status: 400, code: 'input_invalid' });
  });
});

describe('the way back', () => {
  const wrongWays: Record<string, (callback: URL, browser: Browser) => void> = {
    'with another state': (callback) => callback.searchParams.set('state', 'x'.repeat(43)),
    'without a state': (callback) => callback.searchParams.delete('state'),
    'with the state twice': (callback) => callback.searchParams.append('state', 'y'),
    'with another issuer': (callback) => callback.searchParams.set('iss', 'https://id.example.com'),
    'without an issuer': (callback) => callback.searchParams.delete('iss'),
    'with another code': (callback) => callback.searchParams.set('code', 'made-up'),
    'with an error instead': (callback) => {
      callback.searchParams.delete('code');
      callback.searchParams.set('error', 'access_denied');
    },
    'in a browser that began no login': (_callback, browser) => browser.forget('kf_login'),
    'with a cookie that was changed': (_callback, browser) =>
      browser.setCookie('kf_login', `${browser.cookie('kf_login').slice(0, -3)}AAA`),
    'with a cookie of another kind': (_callback, browser) => browser.setCookie('kf_login', browser.cookie('kf_seen')),
    'in a browser that began another login': (_callback, browser) => browser.setCookie('kf_login', otherTransaction),
  };
  let otherTransaction: string;
  beforeAll(async () => {
    const other = new Browser();
    await places.goToCallback('ada', other);
    otherTransaction = other.cookie('kf_login');
  });

  test.each(Object.keys(wrongWays))('%s leads nowhere', async (way) => {
    const browser = await places.loggedIn('ada');
    browser.forget('kf_session');
    const callback = new URL(await places.goToCallback('ada', browser));
    wrongWays[way]?.(callback, browser);
    const answer = await browser.request(callback.href);
    expect(answer).toMatchObject({ status: 400, code: 'login_failed' });
    expect(browser.cookie('kf_session')).toBe('');
    expect(browser.cookie('kf_login')).toBe('');
  });

  test('leads nowhere a second time, also with the cookie of the first', async () => {
    const browser = new Browser();
    const callback = await places.goToCallback('ada', browser);
    const thief = browser.twin();
    expect((await browser.request(callback)).status).toBe(302);
    expect(await thief.request(callback)).toMatchObject({ status: 400, json: { detail: 'invalid_grant' } });
    expect(thief.cookie('kf_session')).toBe('');
  });

  test('leads nowhere after ten minutes', async () => {
    const browser = new Browser();
    const callback = await places.goToCallback('ada', browser);
    places.world.pass(sessionLimits.transactionSeconds * 1000 + 1);
    expect(await browser.request(callback)).toMatchObject({ status: 400, code: 'login_failed' });
  });

  test.each([
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '\\evil',
    'v1/session',
    '',
    '/a\tb',
    '/..//evil',
  ])('never leads to %j', async (returnTo) => {
    const answer = await new Browser().request(`${places.world.url}/login?returnTo=${encodeURIComponent(returnTo)}`);
    expect(answer).toMatchObject({ status: 400, code: 'input_invalid' });
    expect(answer.json['issues']).toMatchObject([{ path: 'returnTo' }]);
  });
});

describe('while the provider is down', () => {
  test('nobody logs in, keys and sessions go on, and it is found again when it is back', async () => {
    const { provider, solo } = places;
    const browser = await places.loggedIn('ada');
    const callback = await places.goToCallback('ada', browser);
    await provider.goDown();
    expect(await browser.request(callback)).toMatchObject({ status: 503, code: 'login_unavailable' });
    expect(await places.statusOf(browser)).toBe(200);
    const fresh = await startSessionWorld({ issuer: provider.issuer, clientId: 'console', clientSecret: 'a secret' });
    const answer = await new Browser().request(`${fresh.url}/login`);
    expect(answer).toMatchObject({ status: 503, code: 'login_unavailable' });
    expect(answer.headers.get('retry-after')).toBe('1');
    const headers = { authorization: `Bearer ${solo.keys['ada'] ?? ''}` };
    expect((await new Browser().request(`${places.world.url}/v1/session`, { headers })).status).toBe(200);
    provider.comeBack();
    expect((await new Browser().request(`${fresh.url}/login`)).status).toBe(302);
    await fresh.stop();
  });
});

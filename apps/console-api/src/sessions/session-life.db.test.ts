import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import * as v from 'valibot';
import { sessionLimits } from './session-limits.ts';
import { sessionShape } from './session-shapes.ts';
import { Browser } from './testing/browser.ts';
import { type Places, startPlaces } from './testing/places.ts';
import { sendFromPage } from './testing/session-world.ts';

// How sessions end, and how they go on.
setDefaultTimeout(90_000);
let places: Places;
beforeAll(async () => {
  places = await startPlaces();
});
afterEach(() => places.world.turnBack());
afterAll(() => places.stop());

describe('a session', () => {
  test('that is fixed beforehand is not the one that a login gives', async () => {
    const attacker = await places.loggedIn('ada');
    const victim = new Browser();
    for (const name of ['kf_session', 'kf_seen']) victim.setCookie(name, attacker.cookie(name));
    await places.logIn('cyd', victim);
    expect(victim.cookie('kf_session')).not.toBe(attacker.cookie('kf_session'));
    places.world.pass(1_000);
    // The one that was planted has ended with the login over it.
    expect(await places.statusOf(attacker)).toBe(401);
  });

  test('that an administrator revokes ends within a second', async () => {
    const browser = await places.loggedIn('ada');
    expect(await places.statusOf(browser)).toBe(200);
    const admin = await places.world.world.testDatabase.admin();
    const { sessionId } = (await places.session(browser)).binding ?? {};
    await admin.query('update kf.sessions set revoked_at = now() where id = $1', [sessionId?.slice(4)]);
    places.world.pass(999);
    expect(await browser.request(`${places.world.url}/v1/inventory/levels`)).toMatchObject({
      status: 401,
      code: 'session_required',
    });
    // What the browser holds besides does not open another one.
    browser.forget('kf_session');
    expect((await browser.request(`${places.world.url}/v1/session`)).status).toBe(401);
  });

  test('ends when nothing came for half an hour, and lives on while something comes', async () => {
    const browser = await places.loggedIn('ada');
    const left = browser.twin();
    for (let minute = 0; minute < 40; minute += 10) {
      places.world.pass(10 * 60_000);
      expect(await places.statusOf(browser)).toBe(200);
    }
    expect(await places.statusOf(left)).toBe(401);
    places.world.pass(sessionLimits.idleSeconds * 1000);
    expect(await places.statusOf(browser)).toBe(401);
  });

  test('renews what says that it was seen once a minute at most', async () => {
    const browser = await places.loggedIn('ada');
    const ask = () => browser.request(`${places.world.url}/v1/inventory/levels`);
    expect((await ask()).headers.getSetCookie()).toEqual([]);
    places.world.pass(sessionLimits.seenRenewalSeconds * 1000);
    const [line = '', ...others] = (await ask()).headers.getSetCookie();
    expect(line).toStartWith('kf_seen=');
    expect(others).toEqual([]);
    expect((await ask()).headers.getSetCookie()).toEqual([]);
  });

  test('ends eight hours after the login, however busy it is', async () => {
    const browser = await places.loggedIn('ada');
    for (let quarter = 0; quarter < 31; quarter += 1) {
      places.world.pass(15 * 60_000);
      expect(await places.statusOf(browser)).toBe(200);
    }
    places.world.pass(15 * 60_000);
    expect(await places.statusOf(browser)).toBe(401);
  });

  test('is nothing without what says when it was seen, nor with that of another', async () => {
    const [one, other] = [await places.loggedIn('ada'), await places.loggedIn('ada')];
    one.setCookie('kf_seen', other.cookie('kf_seen'));
    expect(await places.statusOf(one)).toBe(401);
    one.forget('kf_seen');
    expect(await places.statusOf(one)).toBe(401);
    other.setCookie('kf_seen', `${other.cookie('kf_seen').slice(0, -2)}AA`);
    expect(await places.statusOf(other)).toBe(401);
  });

  test('beside a key is ambiguous, and two of them are none', async () => {
    const browser = await places.loggedIn('ada');
    for (const path of ['/v1/inventory/levels', '/v1/session']) {
      const answer = await browser.request(`${places.world.url}${path}`, {
        headers: { authorization: `Bearer ${places.solo.keys['ada'] ?? ''}` },
      });
      expect(answer).toMatchObject({ status: 400, code: 'credential_ambiguous' });
    }
    const twice = `kf_session=${browser.cookie('kf_session')}; kf_seen=${browser.cookie('kf_seen')}`;
    const headers = { cookie: `${twice}; kf_session=${browser.cookie('kf_session')}` };
    const answer = await new Browser().request(`${places.world.url}/v1/inventory/levels`, { headers });
    expect(answer).toMatchObject({ status: 401, code: 'session_required' });
  });

  test('ends with a logout, and its cookies with it', async () => {
    const browser = await places.loggedIn('ada');
    const thief = browser.twin();
    const { sessionId } = (await places.session(browser)).binding ?? {};
    const closed = await sendFromPage(browser, { url: places.world.url, path: '/v1/session/close', input: {} });
    expect(closed).toMatchObject({ status: 200, json: { data: { sessionId: sessionId ?? '' } } });
    expect(browser.cookie('kf_session') + browser.cookie('kf_seen')).toBe('');
    places.world.pass(1_000);
    expect(await places.statusOf(thief)).toBe(401);
    expect(await places.statusOf(browser)).toBe(401);
  });
});

describe('a key', () => {
  test('says who it is, and opens no session', async () => {
    const headers = { authorization: `Bearer ${places.solo.keys['ada'] ?? ''}`, 'content-type': 'application/json' };
    const shown = await new Browser().request(`${places.world.url}/v1/session`, { headers });
    expect(v.parse(sessionShape, shown.json['data'])).toMatchObject({
      credential: 'api_key',
      principalId: places.solo.people['ada'],
      csrfToken: null,
      loginAgeSeconds: null,
    });
    const input = { tenantId: places.solo.tenantId, environmentId: places.solo.environments['sandbox'] };
    for (const [path, body] of Object.entries({ select: input, close: {} })) {
      const answer = await new Browser().request(`${places.world.url}/v1/session/${path}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      });
      expect(answer).toMatchObject({ status: 401, code: 'session_required' });
    }
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { sessionLimits } from './session-limits.ts';
import { Browser } from './testing/browser.ts';
import { type Places, startPlaces } from './testing/places.ts';
import { sendFromPage } from './testing/session-world.ts';

// Everything over HTTP, with a clock that the tests move.
setDefaultTimeout(90_000);
let places: Places;
beforeAll(async () => {
  places = await startPlaces();
});
afterEach(() => places.world.turnBack());
afterAll(() => places.stop());

describe('somebody with one place to work', () => {
  test('logs in, and works there as they were granted', async () => {
    const browser = new Browser();
    const answer = await places.logIn('ada', browser, '?returnTo=/orders%3Fopen%3D1');
    expect(answer).toMatchObject({ status: 302, text: '' });
    expect(answer.headers.get('location')).toBe('/orders?open=1');
    expect(browser.cookie('kf_session')).toMatch(/^[0-9a-f]{32}_[0-9a-f]{32}_[A-Za-z0-9_-]{43}$/);
    expect(browser.cookie('kf_login')).toBe('');
    const shown = await places.session(browser);
    expect(shown).toMatchObject({
      credential: 'session',
      principalId: places.solo.people['ada'],
      displayName: 'The person of Solo',
      binding: { tenantId: places.solo.tenantId, environmentId: places.solo.environments['sandbox'] },
      tenants: [{ tenantId: places.solo.tenantId, name: 'Solo' }],
      hasMore: false,
    });
    expect(shown.loginAgeSeconds).toBeLessThan(60);
    const made = await sendFromPage(browser, {
      url: places.world.url,
      path: '/v1/inventory/register_location',
      input: { code: 'BER-1', name: 'Berlin' },
    });
    expect(made).toMatchObject({ status: 200 });
    const { receipt } = made.json['receipt'] as { receipt: Record<string, unknown> };
    expect(receipt).toMatchObject({
      actor: { type: 'USER', id: places.solo.people['ada'] },
      credential: { type: 'session', id: shown.binding?.sessionId ?? '' },
    });
  });

  test('gets cookies that scripts cannot read and other sites do not send', async () => {
    const answer = await places.logIn('ada', new Browser());
    const lines = answer.headers.getSetCookie();
    expect(lines.map((line) => line.slice(0, line.indexOf('='))).toSorted()).toEqual([
      'kf_login',
      'kf_seen',
      'kf_session',
    ]);
    for (const line of lines) {
      expect(line).toContain('; Path=/; HttpOnly; SameSite=Lax');
      expect(line).not.toContain('Domain');
    }
  });

  test('leaves nothing of a secret in the log, nor of who they are elsewhere', async () => {
    const browser = await places.loggedIn('ada');
    await places.session(browser);
    const text = places.world.log.text();
    expect(text).toContain('"outcome":"logged_in"');
    expect(text).toContain('"sessionId":"ses_');
    const hidden = ['kf_session', 'kf_seen', 'code'].map((name) => browser.cookie(name).slice(-43));
    for (const secret of [...hidden.filter((one) => one !== ''), 'a secret', places.provider.issuer]) {
      expect(text).not.toContain(secret);
    }
  });

  test('the database keeps a hash of the secret, and the receipt the identity by a hash', async () => {
    const browser = await places.loggedIn('ada');
    const secret = browser.cookie('kf_session').slice(-43);
    const admin = await places.world.world.testDatabase.admin();
    const { rows } = await admin.query(
      "select encode(secret_hash, 'hex') as hash, expires_at - authenticated_at as life from kf.sessions where id = $1",
      [(await places.session(browser)).binding?.sessionId?.slice(4)],
    );
    const digest = new Bun.CryptoHasher('sha256').update(Buffer.from(secret, 'base64url')).digest('hex');
    expect(rows).toEqual([{ hash: digest, life: { hours: sessionLimits.sessionSeconds / 3600 } }]);
    const found = await admin.query(
      "select count(*)::int as n from kf.command_receipts where convert_from(body, 'UTF8') like '%' || $1 || '%'",
      [secret],
    );
    expect(found.rows).toEqual([{ n: 0 }]);
  });
});

describe('somebody with several places', () => {
  test('picks one, and can do nothing before', async () => {
    const browser = await places.loggedIn('bob');
    expect(browser.cookie('kf_session')).toBe('');
    const shown = await places.session(browser);
    expect(shown).toMatchObject({ credential: 'login', principalId: null, binding: null });
    expect(shown.tenants.map(({ name, environments }) => [name, environments.map((one) => one.name)])).toEqual([
      ['Alpha', ['production', 'sandbox']],
      ['Beta', ['sandbox']],
    ]);
    expect(await places.statusOf(browser)).toBe(401);
    const picked = await places.select(browser, places.alpha, 'production');
    expect(picked.status).toBe(200);
    expect(picked.json['data']).toMatchObject({
      tenantId: places.alpha.tenantId,
      environmentId: places.alpha.environments['production'],
    });
    expect(await places.statusOf(browser)).toBe(200);
    const after = await places.session(browser);
    expect(after.binding).toMatchObject({ environmentId: places.alpha.environments['production'] });
    expect(after.csrfToken).toBe((picked.json['data'] as { csrfToken: string }).csrfToken);
  });

  test('goes from one to another under a new id, and the old one is dead', async () => {
    const browser = await places.loggedIn('bob');
    await places.select(browser, places.alpha);
    const before = browser.twin();
    const oldText = browser.cookie('kf_session');
    expect((await places.select(browser, places.beta)).status).toBe(200);
    expect(browser.cookie('kf_session')).not.toBe(oldText);
    expect(browser.cookie('kf_session').split('_')[1]).not.toBe(oldText.split('_')[1]);
    places.world.pass(1_000);
    expect(await places.statusOf(before)).toBe(401);
    expect(await places.statusOf(browser)).toBe(200);
    expect((await places.session(browser)).binding).toMatchObject({ tenantId: places.beta.tenantId });
  });

  test('has no business elsewhere, which looks as if it were not there', async () => {
    const browser = await places.loggedIn('bob');
    const stranger = await places.select(browser, places.solo);
    const nowhere = await places.select(browser, { ...places.beta, environments: places.alpha.environments });
    for (const answer of [stranger, nowhere]) expect(answer).toMatchObject({ status: 404, code: 'not_found' });
    expect(browser.cookie('kf_session')).toBe('');
  });

  test('cannot turn the session of one tenant to another', async () => {
    const browser = await places.loggedIn('bob');
    await places.select(browser, places.alpha);
    const [, ...rest] = browser.cookie('kf_session').split('_');
    const other = places.beta.tenantId.slice(4).replaceAll('-', '');
    browser.setCookie('kf_session', [other, ...rest].join('_'));
    expect(await places.statusOf(browser)).toBe(401);
  });

  test('has ten minutes to pick, and a copy of what was there before is of no use later', async () => {
    const browser = await places.loggedIn('bob');
    const thief = browser.twin();
    places.world.pass(sessionLimits.pickSeconds * 1000);
    expect(await thief.request(`${places.world.url}/v1/session`)).toMatchObject({
      status: 401,
      code: 'session_required',
    });
  });
});

describe('an identity', () => {
  test('that nobody linked is told so, and what an administrator would need', async () => {
    const browser = new Browser();
    const answer = await places.logIn('eve', browser);
    expect(answer).toMatchObject({ status: 403, code: 'identity_unknown' });
    expect(answer.json['detail']).toBe(`subject eve of ${places.provider.issuer}`);
    expect(browser.cookie('kf_session') + browser.cookie('kf_seen')).toBe('');
  });

  test('without a role anywhere is as good as unknown', async () => {
    await places.world.createTenant({ name: 'Empty', environments: ['sandbox'], people: { eve: [] } });
    expect(await places.logIn('eve', new Browser())).toMatchObject({ status: 403, code: 'identity_unknown' });
  });

  test('that is unlinked in a tenant ends its sessions there, and no others', async () => {
    const [here, there] = [await places.loggedIn('bob'), await places.loggedIn('bob')];
    await places.select(here, places.beta);
    await places.select(there, places.alpha);
    const admin = await places.world.world.testDatabase.admin();
    const change = (status: string) =>
      admin.query('update kf.principal_identities set status = $1 where tenant_id = $2', [
        status,
        places.beta.tenantId.slice(4),
      ]);
    await change('UNLINKED');
    places.world.pass(1_000);
    expect([await places.statusOf(here), await places.statusOf(there)]).toEqual([401, 200]);
    await change('LINKED');
  });
});

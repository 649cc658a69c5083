import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { readFile, writeFile } from 'node:fs/promises';
import { waitUntil } from '@karmanflow/runtime/testing';
import { withClient } from '@karmanflow/schema/testing';
import type { Demo } from '../local/demo.ts';
import { valueOf } from '../local/local-problem.ts';
import { readLocalSettings, type LocalSettings } from '../local/local-settings.ts';
import { peopleEnvironment } from '../local/people-environment.ts';
import { preparePeople } from '../local/prepare-people.ts';
import { provision } from '../local/provision.ts';
import type { RunningApp } from '../local/running-app.ts';
import { seedDemo } from '../local/seed-demo.ts';
import { type AppOptions, startApp, tryStartApp } from '../local/start-app.ts';
import { createTemporaryState, type TemporaryState } from '../local/testing/temporary-state.ts';
import { startTemporaryCluster, type TemporaryCluster } from '../postgres/index.ts';
import { type Browser, createBrowser } from './browser.ts';
import { logIn } from './log-in.ts';

// The real processes: the provider, the console's API and Postgres, as `up` starts them, and everything over HTTP.
setDefaultTimeout(90_000);
let cluster: TemporaryCluster;
let state: TemporaryState;
let settings: LocalSettings;
let demo: Demo;
let passwords: Readonly<Record<string, string>>;
let provider: RunningApp;
let api: RunningApp;
beforeAll(async () => {
  cluster = await startTemporaryCluster();
  state = await createTemporaryState();
  settings = valueOf(readLocalSettings({ root: state.folder, environment: state.variables }));
  const { paths } = state;
  const provisioned = await provision({ adminUrl: cluster.adminUrl, secretsDirectory: paths.secrets });
  const people = valueOf(await preparePeople({ settings, paths }));
  demo = await seedDemo({ provisioned, identityIssuer: people.issuer });
  // Somebody whom the provider knows, and no tenant does.
  const eve = { subject: 'eve', displayName: 'Eve', password: 'what only eve knows' };
  const accounts = [...people.accounts, eve];
  await writeFile(paths.accounts, JSON.stringify({ ...people, accounts }), { mode: 0o600 });
  passwords = Object.fromEntries(accounts.map(({ subject, password }) => [subject, password]));
  [provider, api] = await Promise.all([startApp(optionsOf('identity')), startApp(optionsOf('console-api'))]);
});
afterAll(async () => {
  await Promise.all([provider.stop(), api.stop()]);
  await cluster.dispose();
  await state.remove();
});

function optionsOf(app: 'identity' | 'console-api'): AppOptions {
  const environment = peopleEnvironment({ app, settings, accountsFile: state.paths.accounts });
  return { app, ...settings.apps[app], secretsDirectory: state.paths.secrets, environment };
}

const orderOf = (account: string, environment: string) => ({
  url: api.url,
  account,
  password: passwords[account] ?? '',
  environment,
  tenant: null,
});

/** Goes to /login and through the provider's form, and stops where it would come back. */
async function goToCallback(browser: Browser, account: string, query = ''): Promise<string> {
  const stopsAt = (url: string): boolean => url.startsWith(`${api.url}/login/callback`);
  const page = await browser.follow(`${api.url}/login${query}`, { stopsAt });
  if (stopsAt(page.url)) return page.url;
  expect(page.text).toContain('name="password"');
  const form = new URLSearchParams({ account, password: passwords[account] ?? '' });
  return (await browser.follow(page.url, { form, stopsAt })).url;
}

async function problemOf(response: Response): Promise<unknown> {
  const { status, code, detail } = (await response.json()) as Record<string, unknown>;
  return { status, code, detail };
}

interface Shown {
  readonly binding: { readonly tenantId: string; readonly environmentId: string; readonly sessionId: string } | null;
  readonly csrfToken: string;
  readonly authenticatedAt: string;
  readonly loginAgeSeconds: number;
}

async function shown(browser: Browser): Promise<Shown> {
  const response = await browser.ask(`${api.url}/v1/session`);
  expect(response.status).toBe(200);
  return ((await response.json()) as { data: Shown }).data;
}

async function loggedIn(account: string, environment = 'sandbox'): Promise<Browser> {
  const outcome = await logIn(orderOf(account, environment));
  if (!outcome.ok) throw new Error(outcome.reason);
  const browser = createBrowser();
  const lines = outcome.cookies.map(({ name, value, path }) => `${name}=${value}; Path=${path}`);
  browser.cookies.keep(lines, 0);
  return browser;
}

/** A request as a page of ours would send it. */
async function post(browser: Browser, path: string, input: unknown): Promise<Response> {
  const { csrfToken } = await shown(browser);
  const headers = {
    'content-type': 'application/json',
    'idempotency-key': crypto.randomUUID(),
    'x-karmanflow-csrf': csrfToken,
    origin: api.url,
  };
  return browser.ask(`${api.url}${path}`, { method: 'POST', headers, body: JSON.stringify(input) });
}

const statusOf = async (browser: Browser): Promise<number> =>
  (await browser.ask(`${api.url}/v1/inventory/levels`)).status;

describe('a person of the demo', () => {
  test('logs in with their password, picks an environment, and works there', async () => {
    const browser = await loggedIn('bob', 'production');
    expect((await shown(browser)).binding).toMatchObject({
      tenantId: demo.tenantId,
      environmentId: demo.environments.production,
    });
    const made = await post(browser, '/v1/inventory/register_location', { code: 'HAM-1', name: 'Hamburg' });
    expect(made.status).toBe(200);
    expect(await made.json()).toMatchObject({
      receipt: { receipt: { actor: { type: 'USER' }, credential: { type: 'session' } } },
    });
  });

  test('may do what was granted to them, and nothing else', async () => {
    const browser = await loggedIn('cyd');
    expect(await statusOf(browser)).toBe(200);
    const denied = await post(browser, '/v1/inventory/register_location', { code: 'MUC-1', name: 'Munich' });
    expect(await problemOf(denied)).toMatchObject({ status: 403, code: 'policy_denied' });
  });

  test('gets nowhere with the password of somebody else', async () => {
    const outcome = await logIn({ ...orderOf('ada', 'sandbox'), password: passwords['bob'] ?? '' });
    expect(outcome).toMatchObject({ ok: false, reason: expect.stringContaining('401') });
  });

  test('whom no tenant knows is told so', async () => {
    const browser = createBrowser();
    const answer = await browser.ask(await goToCallback(browser, 'eve'));
    const detail = `subject eve of http://127.0.0.1:${settings.apps.identity.port}`;
    expect(await problemOf(answer)).toEqual({ status: 403, code: 'identity_unknown', detail });
  });

  test('proves anew who they are when asked to, and goes on where they were', async () => {
    const browser = createBrowser();
    await browser.ask(await goToCallback(browser, 'ada'));
    const choice = { tenantId: demo.tenantId, environmentId: demo.environments.production };
    expect((await post(browser, '/v1/session/select', choice)).status).toBe(200);
    const before = await shown(browser);
    // The provider remembers, so that nobody is asked for anything.
    const stopsAt = (url: string): boolean => url.startsWith(`${api.url}/login/callback`);
    expect(stopsAt((await browser.follow(`${api.url}/login`, { stopsAt })).url)).toBe(true);
    const asked = await browser.follow(`${api.url}/login?maxAge=0`, { stopsAt });
    expect(asked.text).toContain('name="password"');
    // The provider tells times in whole seconds.
    await waitUntil({
      what: 'the next second',
      condition: () => Date.now() >= Date.parse(before.authenticatedAt) + 1_000,
    });
    const answer = await browser.ask(await goToCallback(browser, 'ada', '?maxAge=0&returnTo=/approvals'));
    expect(answer.headers.get('location')).toBe('/approvals');
    const after = await shown(browser);
    expect(after.authenticatedAt > before.authenticatedAt).toBe(true);
    expect(after.binding).toMatchObject(choice);
    expect(after.binding?.sessionId).not.toBe(before.binding?.sessionId);
  });

  test('is out when an administrator revokes the session', async () => {
    const [bob, ada] = [await loggedIn('bob'), await loggedIn('ada')];
    const { sessionId } = (await shown(bob)).binding ?? {};
    expect((await post(ada, '/v1/access/revoke_session', { sessionId })).status).toBe(200);
    const isOut = async (): Promise<boolean> => (await statusOf(bob)) === 401;
    await waitUntil({ what: 'the session to end', condition: isOut });
    expect(await statusOf(ada)).toBe(200);
  });

  test('logs out', async () => {
    const browser = await loggedIn('cyd');
    const names = (): string[] => browser.cookies.all().map(({ name }) => name);
    expect(names()).toContain('kf_session');
    expect((await post(browser, '/v1/session/close', {})).status).toBe(200);
    expect(names().filter((name) => name.startsWith('kf_'))).toEqual([]);
    expect(await statusOf(browser)).toBe(401);
  });
});

describe('the way back from the provider', () => {
  test('leads nowhere with another state, another issuer, or in another browser', async () => {
    for (const [name, value] of Object.entries({ state: 'another', iss: 'https://id.example.com', code: 'another' })) {
      const browser = createBrowser();
      const callback = new URL(await goToCallback(browser, 'ada'));
      callback.searchParams.set(name, value);
      expect(await problemOf(await browser.ask(callback.href))).toMatchObject({ status: 400, code: 'login_failed' });
    }
    const callback = await goToCallback(createBrowser(), 'ada');
    const other = createBrowser();
    await goToCallback(other, 'ada');
    for (const browser of [createBrowser(), other]) {
      expect(await problemOf(await browser.ask(callback))).toMatchObject({ status: 400, code: 'login_failed' });
      expect(browser.cookies.all().some(({ name }) => name === 'kf_session')).toBe(false);
    }
  });

  test('leads somewhere once', async () => {
    const browser = createBrowser();
    const callback = await goToCallback(browser, 'ada');
    const thief = createBrowser();
    const lines = browser.cookies.all().map(({ name, value, path }) => `${name}=${value}; Path=${path}`);
    thief.cookies.keep(lines, 0);
    expect((await browser.ask(callback)).status).toBe(302);
    const answer = await problemOf(await thief.ask(callback));
    expect(answer).toEqual({ status: 400, code: 'login_failed', detail: 'invalid_grant' });
  });
});

describe('the provider', () => {
  test('keeps its keys over a restart, and sessions go on without it', async () => {
    const keysOf = async (): Promise<unknown> => (await fetch(`${provider.url}/jwks`)).json();
    const keys = await keysOf();
    const browser = createBrowser();
    await browser.ask(await goToCallback(browser, 'bob'));
    await post(browser, '/v1/session/select', { tenantId: demo.tenantId, environmentId: demo.environments.sandbox });
    const callback = await goToCallback(browser, 'bob');
    await provider.stop();
    expect(await problemOf(await browser.ask(callback))).toMatchObject({ status: 503, code: 'login_unavailable' });
    expect(await statusOf(browser)).toBe(200);
    provider = await startApp(optionsOf('identity'));
    expect(await keysOf()).toEqual(keys);
    expect(await statusOf(await loggedIn('bob'))).toBe(200);
  });

  test('does not start outside of the profile local', async () => {
    const { environment, ...options } = optionsOf('identity');
    const logFile = `${state.paths.logs}/refused.log`;
    const outcome = await tryStartApp({
      app: options.app,
      secretsDirectory: options.secretsDirectory,
      logFile,
      environment: { ...environment, KF_PROFILE: 'production' },
    });
    expect(outcome).toMatchObject({ ok: false, problem: { code: 'app_ended' } });
    expect(await readFile(logFile, 'utf8')).toContain('name a real one in KF_OIDC_ISSUER');
  });

  test('has no password in its log, nor has the API', async () => {
    const logs = await Promise.all([provider.logFile, api.logFile].map((file) => readFile(file, 'utf8')));
    expect(logs.join('')).toContain('"outcome":"logged_in"');
    for (const password of Object.values(passwords)) expect(logs.join('')).not.toContain(password);
    const { rows } = await withClient(cluster.adminUrl, (admin) =>
      admin.query('select count(*)::int as n from kf.sessions where octet_length(secret_hash) = 32'),
    );
    expect(rows[0].n).toBeGreaterThan(5);
  });
});

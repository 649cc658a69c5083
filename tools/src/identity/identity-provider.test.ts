import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { freePort } from '../postgres/port.ts';
import { createHostCookies, type HostCookies } from './cookie-jar.ts';
import { createIdentityProvider } from './create-identity-provider.ts';
import { newProviderKeys, parseProviderKeys } from './provider-keys.ts';

const redirectUri = 'http://127.0.0.1:4000/login/callback';
const password = 'a password that somebody was given';
const verifier = randomBytes(32).toString('base64url');
let issuer: string;
let server: Server;
const errors: unknown[] = [];
beforeAll(async () => {
  const port = await freePort();
  issuer = `http://127.0.0.1:${port}`;
  server = createServer(
    createIdentityProvider({
      issuer,
      client: { id: 'console', secret: 'a secret', redirectUri },
      accounts: [{ subject: 'ada', displayName: 'Ada <script>', password }],
      keys: parseProviderKeys(newProviderKeys()),
      onError: (error) => errors.push(error),
    }),
  );
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(port, '127.0.0.1', resolve);
  await promise;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  expect(errors).toEqual([]);
});

type Cookies = HostCookies;

async function ask(cookies: Cookies, url: string, init: RequestInit = {}): Promise<Response> {
  const cookie = cookies.headerFor(new URL(url).pathname);
  const headers = { accept: 'text/html', ...(cookie === '' ? {} : { cookie }), ...(init.headers as object) };
  const response = await fetch(url, { ...init, headers, redirect: 'manual' });
  cookies.keep(response.headers.getSetCookie(), Math.floor(Date.now() / 1000));
  return response;
}

const sound = {
  client_id: 'console',
  response_type: 'code',
  scope: 'openid',
  redirect_uri: redirectUri,
  state: 'a state',
  nonce: 'a nonce',
  code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  code_challenge_method: 'S256',
};

/** Asks for an authorization with some parameters changed; undefined leaves one out. */
function authorize(change: Record<string, string | undefined> = {}, cookies: Cookies = createHostCookies()) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...sound, ...change })) {
    if (value !== undefined) parameters.set(name, value);
  }
  return ask(cookies, `${issuer}/auth?${parameters.toString()}`);
}

const locationOf = (response: Response): URL => new URL(response.headers.get('location') ?? '', issuer);

/** Fills the form in, and answers what it leads to at once. */
async function submit(cookies: Cookies, account: string, given: string): Promise<Response> {
  const page = locationOf(await authorize({}, cookies));
  expect(page.pathname).toStartWith('/interaction/');
  expect((await ask(cookies, page.href)).status).toBe(200);
  return ask(cookies, page.href, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ account, password: given }).toString(),
  });
}

async function login(cookies: Cookies): Promise<URL> {
  const resumed = locationOf(await submit(cookies, 'ada', password));
  return locationOf(await ask(cookies, resumed.href));
}

describe('the embedded identity provider', () => {
  test('says what it does, and does nothing else', async () => {
    const found = await fetch(`${issuer}/.well-known/openid-configuration`);
    const metadata = (await found.json()) as Record<string, unknown>;
    expect(metadata).toMatchObject({
      issuer,
      response_types_supported: ['code'],
      scopes_supported: ['openid'],
      code_challenge_methods_supported: ['S256'],
      id_token_signing_alg_values_supported: ['ES256'],
      authorization_response_iss_parameter_supported: true,
    });
    const endpoints = Object.keys(metadata).filter((name) => name.endsWith('_endpoint'));
    expect(endpoints.toSorted()).toEqual(['authorization_endpoint', 'token_endpoint']);
    const { keys } = (await (await fetch(`${issuer}/jwks`)).json()) as { keys: Record<string, unknown>[] };
    expect(keys).toHaveLength(1);
    expect(keys[0]).not.toHaveProperty('d');
  });

  test('gives a code to who knows the password, once, to who began with the verifier', async () => {
    const back = await login(createHostCookies());
    expect(back.href).toStartWith(`${redirectUri}?code=`);
    expect(Object.fromEntries(back.searchParams)).toMatchObject({ state: 'a state', iss: issuer });
    const exchange = (codeVerifier: string): Promise<Response> =>
      fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa('console:a%20secret')}` },
        body: new URLSearchParams({
          grant_type: 'authorization_code',
          code: back.searchParams.get('code') ?? '',
          redirect_uri: redirectUri,
          code_verifier: codeVerifier,
        }),
      });
    const answer = (await (await exchange(verifier)).json()) as { id_token: string };
    const [, payload = ''] = answer.id_token.split('.');
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
      iss: issuer,
      sub: 'ada',
      aud: 'console',
      nonce: 'a nonce',
      auth_time: expect.any(Number),
    });
    expect(await (await exchange(verifier)).json()).toMatchObject({ error: 'invalid_grant' });
  });

  test.each([
    ['ada', 'a wrong password'],
    ['ada', ''],
    ['nobody', password],
    ['nobody', ''],
    ['', ''],
  ])('lets nobody in as %j with %j', async (account, given) => {
    const cookies = createHostCookies();
    const response = await submit(cookies, account, given);
    expect(response.status).toBe(401);
    expect(await response.text()).toContain('That is not the password');
    expect(cookies.all().some(({ name }) => name === '_session')).toBe(false);
  });

  test('wants PKCE with S256, and sends the browser back without a code otherwise', async () => {
    for (const change of [
      { code_challenge: undefined, code_challenge_method: undefined },
      { code_challenge_method: 'plain' },
    ]) {
      const { searchParams } = locationOf(await authorize(change));
      expect(searchParams.get('error')).toBe('invalid_request');
      expect(searchParams.has('code')).toBe(false);
    }
  });

  test.each([`${redirectUri}/`, `${redirectUri}?x=1`, 'http://127.0.0.1:4000/', 'https://evil.example/login/callback'])(
    'sends nobody to %s',
    async (address) => {
      const response = await authorize({ redirect_uri: address });
      expect(response.status).toBe(400);
      expect(response.headers.get('location')).toBeNull();
      expect(await response.text()).toContain('<code>invalid_redirect_uri</code>');
    },
  );

  test('remembers a browser, unless it is asked to ask again', async () => {
    const cookies = createHostCookies();
    const leads = async (change: Record<string, string>): Promise<string> => {
      const { pathname, searchParams } = locationOf(await authorize(change, cookies));
      return pathname.startsWith('/interaction/') ? 'asks' : (searchParams.get('error') ?? 'lets in');
    };
    expect(await leads({ prompt: 'none' })).toBe('login_required');
    await login(cookies);
    expect(await leads({})).toBe('lets in');
    expect(await leads({ prompt: 'none' })).toBe('lets in');
    expect(await leads({ max_age: '3600' })).toBe('lets in');
    expect(await leads({ max_age: '0' })).toBe('asks');
    expect(await leads({ prompt: 'login' })).toBe('asks');
  });

  test('asks on a page that loads nothing, runs nothing and goes nowhere else', async () => {
    const cookies = createHostCookies();
    const page = await ask(cookies, locationOf(await authorize({}, cookies)).href);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toStartWith("default-src 'none'; style-src 'nonce-");
    expect(policy).toContain("form-action 'self' http://127.0.0.1:4000; base-uri 'none'; frame-ancestors 'none'");
    const text = await page.text();
    expect(text).not.toMatch(/<script|https?:|src=|@import|<link/);
    expect(text).toContain('Ada &lt;script&gt; (ada)');
    expect(text).not.toContain(password);
    const error = await authorize({ client_id: 'nobody' });
    expect(await error.text()).not.toMatch(/<script|https?:|src=|@import|<link/);
  });

  test('answers under its own name alone, and an interaction of another browser with nothing', async () => {
    const misdirected = await fetch(`${issuer}/.well-known/openid-configuration`, {
      headers: { host: 'evil.example' },
    });
    expect(misdirected.status).toBe(421);
    const cookies = createHostCookies();
    const page = locationOf(await authorize({}, cookies));
    expect((await ask(createHostCookies(), page.href)).status).toBe(400);
    expect((await ask(cookies, page.href, { method: 'DELETE' })).status).toBe(405);
    expect((await fetch(`${issuer}/readyz`)).status).toBe(200);
  });

  test('has keys that are read as they were made, and nothing else is', () => {
    const keys = parseProviderKeys(newProviderKeys());
    expect(keys.signing.kid).not.toBe(parseProviderKeys(newProviderKeys()).signing.kid);
    for (const text of ['', '{}', '[]', '{"signing":{"kty":"EC"}}']) {
      expect(() => parseProviderKeys(text)).toThrow('cannot be read');
    }
  });
});

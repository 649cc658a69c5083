import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Provider } from 'oidc-provider';
import type { IdentityAccount } from './accounts.ts';
import { errorPage, loginPage, pagePolicy } from './login-page.ts';
import type { ProviderKeys } from './provider-keys.ts';

export interface IdentityProviderOptions {
  /** Where it is reached, without a slash at the end: `http://127.0.0.1:<port>`. */
  readonly issuer: string;
  readonly client: { readonly id: string; readonly secret: string; readonly redirectUri: string };
  readonly accounts: readonly IdentityAccount[];
  readonly keys: ProviderKeys;
  /** Told of what went wrong inside. */
  readonly onError: (error: unknown) => void;
}

const formBytesMax = 4_096;
const interactionPath = /^\/interaction\/([A-Za-z0-9_-]{8,128})$/;
const seconds = { code: 60, token: 5 * 60, interaction: 10 * 60, session: 8 * 60 * 60 };

/**
 * An OpenID Connect provider for one client and a few people: the authorization code flow with PKCE and nothing besides.
 * It keeps everything but its keys in memory, so a restart logs everybody out of it.
 */
export function createIdentityProvider(options: IdentityProviderOptions): RequestListener {
  const { issuer, client, accounts, keys } = options;
  const returnOrigin = new URL(client.redirectUri).origin;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: [client.redirectUri],
        grant_types: ['authorization_code'],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_basic',
        id_token_signed_response_alg: 'ES256',
        require_auth_time: true,
      },
    ],
    jwks: { keys: [keys.signing] },
    cookies: { keys: keys.cookies },
    pkce: { required: () => true },
    responseTypes: ['code'],
    scopes: ['openid'],
    ttl: {
      AuthorizationCode: seconds.code,
      AccessToken: seconds.token,
      IdToken: seconds.token,
      Interaction: seconds.interaction,
      Session: seconds.session,
      Grant: seconds.session,
    },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
    },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    findAccount: (_ctx, subject) =>
      accounts.some((account) => account.subject === subject)
        ? { accountId: subject, claims: () => ({ sub: subject }) }
        : undefined,
    // The one client is our own, and asks for nothing but who somebody is: there is nothing to consent to.
    loadExistingGrant: async (ctx) => {
      const { client: asking, session } = ctx.oidc;
      if (asking === undefined || session?.accountId === undefined) return undefined;
      const grant = new provider.Grant({ clientId: asking.clientId, accountId: session.accountId });
      grant.addOIDCScope('openid');
      await grant.save();
      return grant;
    },
    renderError: (ctx, out) => {
      const nonce = newNonce();
      ctx.type = 'html';
      ctx.set('content-security-policy', pagePolicy({ nonce, returnOrigin }));
      ctx.body = errorPage({ code: out.error, nonce });
    },
  });
  provider.on('server_error', (_ctx, error) => options.onError(error));
  const standard = provider.callback();
  const { host } = new URL(issuer);

  async function interact(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const action = request.url ?? '';
    const { uid } = await provider.interactionDetails(request, response);
    if (interactionPath.exec(action)?.[1] !== uid) return answerPage(response, { status: 404, code: 'not_found' });
    if (request.method === 'GET') return answerLogin(response, { action, refused: null });
    if (request.method !== 'POST') return answerPage(response, { status: 405, code: 'method_not_allowed' });
    const form = await readForm(request);
    const subject = form.get('account') ?? '';
    const account = accounts.find((one) => one.subject === subject);
    const isRight = isSame(form.get('password') ?? '', account?.password ?? '');
    if (account === undefined || !isRight) return answerLogin(response, { action, refused: { subject } });
    await provider.interactionFinished(request, response, { login: { accountId: account.subject } });
  }

  function answerLogin(
    response: ServerResponse,
    { action, refused }: { readonly action: string; readonly refused: { readonly subject: string } | null },
  ): void {
    const nonce = newNonce();
    const page = loginPage({ accounts, action, nonce, refused });
    send(response, { status: refused === null ? 200 : 401, page, nonce });
  }

  function answerPage(
    response: ServerResponse,
    { status, code }: { readonly status: number; readonly code: string },
  ): void {
    const nonce = newNonce();
    send(response, { status, page: errorPage({ code, nonce }), nonce });
  }

  function send(
    response: ServerResponse,
    { status, page, nonce }: { readonly status: number; readonly page: string; readonly nonce: string },
  ): void {
    response.writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': pagePolicy({ nonce, returnOrigin }),
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    response.end(page);
  }

  return (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    if (path === '/healthz' || path === '/readyz') {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"status":"ok"}');
      return;
    }
    // A name of somebody else's that was made to lead here must find nobody.
    if (request.headers.host !== host) return answerPage(response, { status: 421, code: 'misdirected_request' });
    if (!path.startsWith('/interaction/')) {
      void standard(request, response);
      return;
    }
    interact(request, response).catch((error: unknown) => {
      // The interaction is over, or belongs to another browser: the library says so by throwing.
      const isExpected = error instanceof Error && error.name === 'SessionNotFound';
      if (!isExpected) options.onError(error);
      if (response.headersSent) response.end();
      else
        answerPage(
          response,
          isExpected ? { status: 400, code: 'session_not_found' } : { status: 500, code: 'server_error' },
        );
    });
  };
}

function newNonce(): string {
  return randomBytes(16).toString('base64url');
}

/** An account without a password is never right: its empty one is compared like any other and refused. */
function isSame(given: string, password: string): boolean {
  const digest = (text: string): Uint8Array => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(password)) && password !== '';
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const part = Buffer.from(chunk as Uint8Array);
    bytes += part.length;
    if (bytes > formBytesMax) return new URLSearchParams();
    chunks.push(part);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

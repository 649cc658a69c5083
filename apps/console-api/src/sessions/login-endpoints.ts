import { access } from '@karmanflow/commands';
import { problem } from '@karmanflow/runtime';
import * as v from 'valibot';
import type { Endpoint } from '../endpoint.ts';
import type { Exchange } from '../exchange.ts';
import { everyRequest, problemResponses, queryParameters } from '../openapi.ts';
import { jsonSchemaOf, queryInput, readInput } from '../valibot-bridge.ts';
import { callbackPath, entranceAfterLogin, type Sessions } from './create-sessions.ts';
import type { ProviderProblem } from './identity-provider.ts';
import { type LoginTransaction, openTransaction, sealTransaction } from './login-state.ts';
import { readLogin } from './read-login.ts';
import { readReturnTo } from './return-to.ts';
import { sessionLimits } from './session-limits.ts';

const randomBytes = 32;
const returnToDefault = '/v1/session';

const loginShape = v.strictObject({
  returnTo: v.optional(v.pipe(v.string(), v.maxLength(sessionLimits.returnToCharacters))),
  /** How long ago somebody may have logged in, in seconds; 0 asks for it now. */
  maxAge: v.optional(v.pipe(v.string(), v.regex(/^(?:0|[1-9]\d{0,3})$/, 'must be a whole number of seconds'))),
});

/** What a provider sends back (RFC 6749 section 4.1.2, RFC 9207), for the documentation: the provider may add to it. */
const callbackShape = v.object({
  state: v.optional(v.string()),
  code: v.optional(v.string()),
  iss: v.optional(v.string()),
  error: v.optional(v.string()),
});

/** The way of a browser to the identity provider and back. Without `sessions` nobody can log in here. */
export function loginEndpoints(sessions: Sessions | null): Endpoint[] {
  const input = queryInput({ input: loginShape });

  async function begin(exchange: Exchange): Promise<Response> {
    if (sessions === null) return unavailable(exchange, 'no identity provider is configured');
    const { searchParams } = new URL(exchange.request.url);
    const parsed = readInput(input, Object.fromEntries(searchParams));
    if (!parsed.ok) return invalid(exchange, parsed.issues);
    const { returnTo = returnToDefault, maxAge } = v.parse(loginShape, parsed.value);
    const path = readReturnTo(returnTo, sessions.origin);
    if (path === null) return invalid(exchange, [{ path: 'returnTo', message: 'must be a path of this origin' }]);
    const transaction: LoginTransaction = {
      state: randomText(),
      nonce: randomText(),
      codeVerifier: randomText(),
      returnTo: path,
      maxAgeSeconds: Math.min(Number(maxAge ?? sessionLimits.loginMaxAgeSeconds), sessionLimits.loginMaxAgeSeconds),
      startedAt: sessions.now(),
    };
    const authorization = await sessions.identityProvider.begin(transaction);
    if (!authorization.ok) return unavailable(exchange, authorization.code);
    const { cookies, sealer } = sessions.reader;
    const sealed = await sealTransaction(sealer, transaction);
    exchange.notes.outcome = 'login_begun';
    return redirect(authorization.url, [
      cookies.set(cookies.names.transaction, sealed, sessionLimits.transactionSeconds),
    ]);
  }

  async function comeBack(exchange: Exchange): Promise<Response> {
    if (sessions === null) return unavailable(exchange, 'no identity provider is configured');
    const { cookies, sealer } = sessions.reader;
    const { headers, url } = exchange.request;
    const sealed = cookies.read(headers, cookies.names.transaction) ?? '';
    const transaction = await openTransaction(sealer, sealed, sessions.now());
    const response =
      transaction === null
        ? failed(exchange, 'this browser began no login, or too long ago')
        : await finish(sessions, { exchange, transaction, search: new URL(url).search });
    // Once, whatever came of it.
    response.headers.append('set-cookie', cookies.clear(cookies.names.transaction));
    return response;
  }

  return [
    {
      method: 'get',
      path: '/login',
      operation: {
        operationId: 'session.login',
        summary: 'Sends a browser to the identity provider. It comes back to `returnTo`, logged in.',
        tags: ['access'],
        parameters: [...queryParameters(jsonSchemaOf(loginShape, 'input')), ...everyRequest],
        responses: {
          302: { description: 'On to the identity provider.' },
          ...problemResponses(['header_invalid', 'input_invalid', 'internal_error', 'draining', 'login_unavailable']),
        },
      },
      handle: begin,
    },
    {
      method: 'get',
      path: callbackPath,
      operation: {
        operationId: 'session.login_callback',
        summary: 'Where the identity provider sends the browser back to. Who was confirmed gets a session.',
        tags: ['access'],
        parameters: [...queryParameters(jsonSchemaOf(callbackShape, 'input')), ...everyRequest],
        responses: {
          302: { description: 'Logged in, and on to where the browser wanted to be.' },
          ...problemResponses([
            'header_invalid',
            'login_failed',
            'identity_unknown',
            'environment_not_found',
            'environment_archived',
            'end_out_of_range',
            'policy_denied',
            'internal_error',
            'overloaded',
            'draining',
            'deadline_exceeded',
            'database_unavailable',
            'outcome_unknown',
            'login_unavailable',
          ]),
        },
      },
      handle: comeBack,
    },
  ];
}

async function finish(
  sessions: Sessions,
  arrival: { readonly exchange: Exchange; readonly transaction: LoginTransaction; readonly search: string },
): Promise<Response> {
  const { exchange, transaction, search } = arrival;
  const { startedAt, returnTo, ...secrets } = transaction;
  // As the provider was told, whatever stands between the browser and us.
  const callbackUrl = new URL(`${sessions.redirectUri}${search}`);
  const confirmation = await sessions.identityProvider.confirm({ callbackUrl, secrets, startedAt });
  if (!confirmation.ok) return ofProblem(exchange, confirmation);
  const { issuer, subject, authenticatedAt } = confirmation;
  const identityHash = access.identityHashOf({ issuer, subject });
  const found = await sessions.tenantsOf(identityHash);
  if (found.tenants.length === 0) {
    exchange.notes.outcome = 'identity_unknown';
    // It is the person's own, and an administrator needs it.
    return problem('identity_unknown', { detail: `subject ${subject} of ${issuer}` });
  }
  const login = await readLogin(sessions.reader, exchange.request.headers);
  const entrance = entranceAfterLogin(found, { login, identityHash });
  const previous = login?.session ?? null;
  const entered = await sessions.enter({ exchange, identityHash, authenticatedAt, entrance, previous });
  if (!entered.ok) return entered.response;
  exchange.notes.outcome = 'logged_in';
  return redirect(returnTo, entered.value.cookies);
}

function randomText(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(randomBytes))).toString('base64url');
}

function redirect(location: string, cookies: readonly string[]): Response {
  const headers = new Headers({ location });
  for (const cookie of cookies) headers.append('set-cookie', cookie);
  return new Response(null, { status: 302, headers });
}

function ofProblem(exchange: Exchange, { reason, code }: ProviderProblem): Response {
  return reason === 'unavailable' ? unavailable(exchange, code) : failed(exchange, code);
}

function failed(exchange: Exchange, detail: string): Response {
  exchange.notes.outcome = 'login_failed';
  exchange.notes.loginProblem = detail;
  return problem('login_failed', { detail });
}

function unavailable(exchange: Exchange, detail: string): Response {
  exchange.notes.outcome = 'login_unavailable';
  exchange.notes.loginProblem = detail;
  return problem('login_unavailable', { detail });
}

function invalid(exchange: Exchange, issues: readonly { readonly path: string; readonly message: string }[]): Response {
  exchange.notes.outcome = 'input_invalid';
  return problem('input_invalid', { extensions: { issues } });
}

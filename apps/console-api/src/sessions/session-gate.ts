import type { Caller } from '@karmanflow/commands';
import { problem } from '@karmanflow/runtime';
import type { Exchange } from '../exchange.ts';
import { isFromOurPages } from './csrf.ts';
import { endOfLogin, sealSeen } from './login-state.ts';
import { csrfSecretOf, type Login, type LoginReader, readLogin } from './read-login.ts';
import { sessionLimits } from './session-limits.ts';

/** Lets requests in that come with a session instead of a key. */
export interface SessionGate {
  /** Whether the request brings a session cookie: then nothing else is asked for its credential. */
  bringsSession(request: Request): boolean;
  /** The caller behind the session of the request, or what to answer instead. */
  admit(exchange: Exchange): Promise<Admission>;
  /** The Set-Cookie headers that the answer to this request has to carry besides its own. */
  cookiesFor(request: Request): readonly string[];
}

export type Admission =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly response: Response };

/** The problem of a request, in its notes as well. */
export function refusedAs(
  exchange: Exchange,
  code: 'credential_ambiguous' | 'session_required' | 'csrf_token_invalid',
): Response {
  exchange.notes.outcome = code;
  return problem(code);
}

/** Requests that only read are GET and HEAD; whatever else there is must come from a page of ours. */
export function isForged(options: {
  readonly request: Request;
  readonly login: Login;
  readonly origin: string;
}): boolean {
  const { request, login, origin } = options;
  if (request.method === 'GET' || request.method === 'HEAD') return false;
  return !isFromOurPages({ headers: request.headers, secret: csrfSecretOf(login), origin });
}

/** `origin` is ours: scheme, host and port. */
export function createSessionGate(reader: LoginReader & { readonly origin: string }): SessionGate {
  const { cookies, sealer, now, origin } = reader;
  const renewed = new WeakMap<Request, readonly string[]>();

  /** Says in the browser's own cookie that it was here, once a minute at most. */
  async function renew(request: Request, { seen }: Login): Promise<void> {
    const seenAt = now();
    if (seenAt - seen.seenAt < sessionLimits.seenRenewalSeconds * 1000) return;
    const sealed = await sealSeen(sealer, { ...seen, seenAt });
    renewed.set(request, [cookies.set(cookies.names.seen, sealed, (endOfLogin(seen) - seenAt) / 1000)]);
  }

  return {
    bringsSession: ({ headers }) => cookies.read(headers, cookies.names.session) !== null,
    async admit(exchange) {
      const { request } = exchange;
      if (request.headers.get('authorization') !== null) {
        return { ok: false, response: refusedAs(exchange, 'credential_ambiguous') };
      }
      const login = await readLogin(reader, request.headers);
      const session = login?.session ?? null;
      if (login === null || session === null) {
        return { ok: false, response: refusedAs(exchange, 'session_required') };
      }
      if (isForged({ request, login, origin })) {
        return { ok: false, response: refusedAs(exchange, 'csrf_token_invalid') };
      }
      await renew(request, login);
      return { ok: true, caller: session.caller };
    },
    cookiesFor: (request) => renewed.get(request) ?? [],
  };
}

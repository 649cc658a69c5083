import type { access, Caller } from '@karmanflow/commands';
import { problem } from '@karmanflow/runtime';
import type { Exchange } from './exchange.ts';
import type { SessionGate } from './sessions/session-gate.ts';

/** RFC 6750 section 2.1. One header with one credential: two of them arrive joined by a comma and match nothing. */
const bearer = /^bearer +([A-Za-z0-9._~+/=-]+)$/i;

export type Authenticated =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly response: Response };

/** What requests may come with: keys, and where people can log in, their sessions. */
export interface Credentials extends access.Authenticator {
  readonly sessions: SessionGate | null;
}

/**
 * Who sent the request, by its API key in the Authorization header and nowhere else, or by the session cookie of a browser.
 * Every other case without a session gets the same answer, byte for byte: no key, one that is not a key, unknown, wrong,
 * expired or revoked.
 */
export async function authenticate(
  authenticator: access.Authenticator | Credentials,
  exchange: Exchange,
): Promise<Authenticated> {
  const sessions = 'sessions' in authenticator ? authenticator.sessions : null;
  if (sessions?.bringsSession(exchange.request) === true) return admitted(await sessions.admit(exchange), exchange);
  const key = bearer.exec(exchange.request.headers.get('authorization') ?? '')?.[1];
  const caller = key === undefined ? null : await authenticator.authenticate(key);
  if (caller === null) {
    exchange.notes.outcome = 'unauthenticated';
    return { ok: false, response: problem('unauthenticated') };
  }
  return admitted({ ok: true, caller }, exchange);
}

function admitted(authenticated: Authenticated, { notes }: Exchange): Authenticated {
  if (!authenticated.ok) return authenticated;
  const { tenantId, environmentId, actor, credential } = authenticated.caller;
  notes.tenantId = tenantId;
  notes.environmentId = environmentId;
  notes.actorId = actor.id;
  if (credential?.type === 'session') notes.sessionId = credential.id;
  else if (credential !== null) notes.apiKeyId = credential.id;
  return authenticated;
}

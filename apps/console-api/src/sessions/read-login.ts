import { access, type Caller } from '@karmanflow/commands';
import type { Id } from '@karmanflow/schema';
import { openSeen, type Seen } from './login-state.ts';
import type { Sealer } from './sealer.ts';
import type { CookieJar } from './session-cookies.ts';

/** A session that lives, in the hands of the browser that sent it. */
export interface LiveSession {
  readonly sessionId: Id<'session'>;
  readonly secret: Uint8Array;
  readonly caller: Caller;
}

/** Somebody who logged in with this browser; without a session no environment was picked yet. */
export interface Login {
  readonly seen: Seen;
  readonly session: LiveSession | null;
}

export interface LoginReader {
  readonly cookies: CookieJar;
  readonly sealer: Sealer;
  readonly authenticator: access.SessionAuthenticator;
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number;
}

/** Whether a request brings anything of a login, dead or alive. */
export function bringsLogin({ cookies }: LoginReader, headers: Headers): boolean {
  return cookies.read(headers, cookies.names.session) !== null || cookies.read(headers, cookies.names.seen) !== null;
}

/**
 * Who is logged in with the browser of a request; null when nobody is: no cookies, not ours, not of one another, idle for
 * too long, or a session that has ended. What goes with a session never counts without it, so that its end is the end.
 */
export async function readLogin(reader: LoginReader, headers: Headers): Promise<Login | null> {
  const { cookies, sealer, authenticator, now } = reader;
  const sealed = cookies.read(headers, cookies.names.seen);
  if (sealed === null || sealed === '') return null;
  const seen = await openSeen(sealer, sealed, now());
  if (seen === null) return null;
  const text = cookies.read(headers, cookies.names.session);
  if (text === null) return seen.sessionId === null ? { seen, session: null } : null;
  const credential = access.parseSession(text);
  if (credential === null || credential.sessionId !== seen.sessionId) return null;
  const caller = await authenticator.authenticate(text, seen.identityHash);
  if (caller === null) return null;
  return { seen, session: { sessionId: credential.sessionId, secret: credential.secret, caller } };
}

/** From which the token against forged requests follows. */
export function csrfSecretOf({ seen, session }: Login): Uint8Array {
  return session === null ? Buffer.from(seen.secret, 'base64url') : session.secret;
}

import type { access, Caller } from '@karmanflow/commands';
import { problem } from '@karmanflow/runtime';
import type { Exchange } from './exchange.ts';

/** RFC 6750 section 2.1. One header with one credential: two of them arrive joined by a comma and match nothing. */
const bearer = /^bearer +([A-Za-z0-9._~+/=-]+)$/i;

export type Authenticated =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly response: Response };

/**
 * Who sent the request, by its API key in the Authorization header and nowhere else. Every other case gets the same answer,
 * byte for byte: no key, one that is not a key, unknown, wrong, expired or revoked.
 */
export async function authenticate(authenticator: access.Authenticator, exchange: Exchange): Promise<Authenticated> {
  const key = bearer.exec(exchange.request.headers.get('authorization') ?? '')?.[1];
  const caller = key === undefined ? null : await authenticator.authenticate(key);
  if (caller === null) {
    exchange.notes.outcome = 'unauthenticated';
    return { ok: false, response: problem('unauthenticated') };
  }
  const { notes } = exchange;
  notes.tenantId = caller.tenantId;
  notes.environmentId = caller.environmentId;
  notes.actorId = caller.actor.id;
  if (caller.credential !== null) notes.apiKeyId = caller.credential.id;
  return { ok: true, caller };
}

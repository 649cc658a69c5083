import type { Caller } from '@karmanflow/commands';
import type { Sessions } from './create-sessions.ts';
import { csrfTokenOf } from './csrf.ts';
import { endOfLogin, type Seen } from './login-state.ts';
import { csrfSecretOf, type LiveSession, type Login } from './read-login.ts';
import type { SessionDocument } from './session-shapes.ts';

type Described =
  | { readonly kind: 'key'; readonly caller: Caller }
  | { readonly kind: 'login'; readonly login: Login; readonly sessions: Sessions };

/** Who somebody is, for themselves: where they work, where they may work, and the token that their pages send. */
export async function describeSession(asked: Described): Promise<SessionDocument> {
  return asked.kind === 'key' ? describeKey(asked.caller) : describeLogin(asked);
}

function describeKey({ tenantId, environmentId, actor, loginAgeSeconds }: Caller): SessionDocument {
  return {
    credential: 'api_key',
    principalId: actor.id,
    displayName: null,
    authenticatedAt: null,
    loginAgeSeconds,
    binding: { tenantId, environmentId, sessionId: null, expiresAt: null },
    tenants: [],
    hasMore: false,
    csrfToken: null,
  };
}

async function describeLogin({ login, sessions }: Extract<Described, { kind: 'login' }>): Promise<SessionDocument> {
  const { seen, session } = login;
  const { tenants, hasMore } = await sessions.tenantsOf(seen.identityHash);
  const here = tenants.find(({ tenantId }) => tenantId === session?.caller.tenantId);
  return {
    credential: session === null ? 'login' : 'session',
    principalId: session?.caller.actor.id ?? null,
    displayName: here?.displayName ?? null,
    authenticatedAt: new Date(seen.authenticatedAt).toISOString(),
    loginAgeSeconds: Math.max(0, Math.floor((sessions.now() - seen.authenticatedAt) / 1000)),
    binding: session === null ? null : bindingOf(session, seen),
    tenants: tenants.map(({ tenantId, name, environments }) => ({
      tenantId,
      name,
      environments: environments.map((environment) => ({ ...environment })),
    })),
    hasMore,
    csrfToken: csrfTokenOf(csrfSecretOf(login)),
  };
}

function bindingOf({ caller, sessionId }: LiveSession, seen: Seen): SessionDocument['binding'] {
  const { tenantId, environmentId } = caller;
  return { tenantId, environmentId, sessionId, expiresAt: new Date(endOfLogin(seen)).toISOString() };
}

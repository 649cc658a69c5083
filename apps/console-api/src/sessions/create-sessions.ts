import { access, type Executor, type Registry } from '@karmanflow/commands';
import type { Database } from '@karmanflow/schema';
import type { Exchange } from '../exchange.ts';
import { csrfTokenOf } from './csrf.ts';
import { type EnvironmentChoice, findTenants, type TenantChoice, type TenantsFound } from './find-tenants.ts';
import type { IdentityProvider } from './identity-provider.ts';
import { endOfLogin, sealSeen } from './login-state.ts';
import type { Login, LoginReader, LiveSession } from './read-login.ts';
import { createSealer } from './sealer.ts';
import { createSessionCommands, type SessionCommands, type SessionOutcome } from './session-commands.ts';
import { createCookieJar } from './session-cookies.ts';
import { createSessionGate, type SessionGate } from './session-gate.ts';
import { sessionLimits } from './session-limits.ts';

/** What people need to log in, which an API for programs alone can do without. */
export interface SessionParts {
  readonly identityProvider: IdentityProvider;
  /** Of the role kf_login, which finds the tenants of an identity and sees nothing else. */
  readonly loginDatabase: Database;
  /** 32 random bytes, the same in every instance. */
  readonly sealingKey: Uint8Array;
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number;
}

export interface SessionFoundations extends SessionParts {
  readonly registry: Registry;
  readonly executor: Executor;
  readonly readDatabase: Database;
  readonly publicUrl: string;
}

/** Where somebody enters. */
export interface Entrance {
  readonly tenant: TenantChoice;
  readonly environment: EnvironmentChoice;
}

export interface EnterOrder {
  readonly exchange: Exchange;
  readonly identityHash: string;
  /** Milliseconds since the epoch. */
  readonly authenticatedAt: number;
  /** Null: nothing was picked yet. */
  readonly entrance: Entrance | null;
  /** The session that ends with this. */
  readonly previous: LiveSession | null;
}

export interface Entered {
  /** Set-Cookie headers. */
  readonly cookies: readonly string[];
  readonly csrfToken: string;
  readonly opened: { readonly sessionId: string; readonly expiresAt: string } | null;
}

export interface Sessions {
  readonly gate: SessionGate;
  readonly reader: LoginReader;
  readonly identityProvider: IdentityProvider;
  readonly commands: SessionCommands;
  readonly now: () => number;
  /** Scheme, host and port of ours. */
  readonly origin: string;
  readonly redirectUri: string;
  tenantsOf(identityHash: string): Promise<TenantsFound>;
  /** Opens a session where somebody enters, under an id and a secret that nobody knew before, and ends the one before. */
  enter(order: EnterOrder): Promise<SessionOutcome<Entered>>;
}

export const callbackPath = '/login/callback';

export function createSessions(foundations: SessionFoundations): Sessions {
  const { identityProvider, loginDatabase, readDatabase, registry, executor, now, publicUrl } = foundations;
  const { origin, protocol } = new URL(publicUrl);
  const reader: LoginReader = {
    cookies: createCookieJar({ isSecure: protocol === 'https:' }),
    sealer: createSealer(foundations.sealingKey),
    authenticator: access.createSessionAuthenticator({ database: readDatabase, now }),
    now,
  };
  const commands = createSessionCommands({ executor, registry, now });
  return {
    gate: createSessionGate({ ...reader, origin }),
    reader,
    identityProvider,
    commands,
    now,
    origin,
    redirectUri: `${publicUrl}${callbackPath}`,
    tenantsOf: (identityHash) => findTenants({ loginDatabase, readDatabase, now }, identityHash),
    enter: (order) => enter({ reader, commands, now }, order),
  };
}

async function enter(
  ports: { readonly reader: LoginReader; readonly commands: SessionCommands; readonly now: () => number },
  order: EnterOrder,
): Promise<SessionOutcome<Entered>> {
  const { reader, commands, now } = ports;
  const { exchange, identityHash, authenticatedAt, entrance, previous } = order;
  const { cookies, sealer } = reader;
  const secret = crypto.getRandomValues(new Uint8Array(access.sessionSecretBytes));
  const expiresAt = endOfLogin({ authenticatedAt });
  const login = { exchange, identityHash, secret, authenticatedAt, expiresAt };
  const opened = entrance === null ? null : await commands.open({ ...login, ...entrance });
  if (opened !== null && !opened.ok) return opened;
  if (previous !== null) {
    const closed = await commands.close({ ...previous, exchange });
    // Nobody ever saw the secret of the new one, which is as good as if it had not been opened.
    if (!closed.ok) return closed;
  }
  const sessionId = opened?.value.sessionId ?? null;
  const secondsLeft = (expiresAt - now()) / 1000;
  const seenSeconds = sessionId === null ? sessionLimits.pickSeconds : secondsLeft;
  const seen = await sealSeen(sealer, {
    identityHash,
    // The secret of a session stays in its own cookie alone.
    secret: sessionId === null ? Buffer.from(secret).toString('base64url') : '',
    authenticatedAt,
    seenAt: now(),
    sessionId,
  });
  const { session, seen: seenName } = cookies.names;
  const text = sessionId === null || entrance === null ? null : textOf({ entrance, sessionId, secret });
  return {
    ok: true,
    value: {
      cookies: [
        text === null ? cookies.clear(session) : cookies.set(session, text, secondsLeft),
        cookies.set(seenName, seen, seenSeconds),
      ],
      csrfToken: csrfTokenOf(secret),
      opened: opened === null ? null : opened.value,
    },
  };
}

function textOf(session: {
  readonly entrance: Entrance;
  readonly sessionId: LiveSession['sessionId'];
  readonly secret: Uint8Array;
}): string {
  const { entrance, sessionId, secret } = session;
  return access.formatSession({ tenantId: entrance.tenant.tenantId, sessionId, secret });
}

/** Where a person goes on after logging in, or null when they have to say. */
export function entranceAfterLogin(
  found: TenantsFound,
  again: { readonly login: Login | null; readonly identityHash: string },
): Entrance | null {
  const { login, identityHash } = again;
  const caller = login?.seen.identityHash === identityHash ? login.session?.caller : undefined;
  // Who proves anew who they are, because of what they are doing, goes on with it.
  if (caller !== undefined) return findEntrance(found, caller);
  const [tenant, ...otherTenants] = found.tenants;
  const [environment, ...others] = tenant?.environments ?? [];
  const isOnly = otherTenants.length === 0 && others.length === 0 && !found.hasMore;
  return tenant !== undefined && environment !== undefined && isOnly ? { tenant, environment } : null;
}

/** The place of these ids, or null when this person has no business there. */
export function findEntrance(
  { tenants }: TenantsFound,
  wanted: { readonly tenantId: string; readonly environmentId: string },
): Entrance | null {
  const tenant = tenants.find(({ tenantId }) => tenantId === wanted.tenantId);
  const environment = tenant?.environments.find(({ environmentId }) => environmentId === wanted.environmentId);
  return tenant === undefined || environment === undefined ? null : { tenant, environment };
}

import { createHash, timingSafeEqual } from 'node:crypto';
import { controlEnvironmentOf, type Database, type Id, isUuid, limits, toId, toUuid } from '@karmanflow/schema';
import type { Caller } from '../../executor/metadata.ts';
import { readGrants } from './authenticator.ts';
import { authorityOf, everyScope } from './authority.ts';
import { policyFromText } from './settled-policy.ts';

/**
 * A session in the hands of a browser: `<tenant>_<session>_<secret>`, ids as 32 hex digits, the secret as base64url of 32
 * random bytes. Like an API key it names its tenant, and unlike one it has no `kf_`, so that neither is ever the other.
 */
export interface SessionCredential {
  readonly tenantId: Id<'tenant'>;
  readonly sessionId: Id<'session'>;
  readonly secret: Uint8Array;
}

export interface SessionAuthenticatorPorts {
  readonly database: Database;
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number;
}

export interface SessionAuthenticator {
  /**
   * The caller behind a session, or null: unknown, wrong, expired, revoked, and everything else that ends it look the
   * same. With `identityHash` it is the identity that logged in which has to be linked still, otherwise any of the person.
   */
  authenticate(cookieText: string, identityHash?: string): Promise<Caller | null>;
}

const pattern = /^([0-9a-f]{32})_([0-9a-f]{32})_([A-Za-z0-9_-]{43})$/;
export const sessionSecretBytes = 32;

const compact = (id: string): string => toUuid(id).replaceAll('-', '');

function expand(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export function formatSession(credential: SessionCredential): string {
  const secret = Buffer.from(credential.secret).toString('base64url');
  return `${compact(credential.tenantId)}_${compact(credential.sessionId)}_${secret}`;
}

/** null for anything that is not a session; never throws. */
export function parseSession(text: string): SessionCredential | null {
  const [, tenant = '', session = '', secretText = ''] = pattern.exec(text) ?? [];
  const tenantUuid = expand(tenant);
  const sessionUuid = expand(session);
  const secret = Buffer.from(secretText, 'base64url');
  if (!isUuid(tenantUuid) || !isUuid(sessionUuid) || secret.length !== sessionSecretBytes) return null;
  // The last character has two spare bits; only one of the four spellings is the session.
  if (secret.toString('base64url') !== secretText) return null;
  return { tenantId: toId('tenant', tenantUuid), sessionId: toId('session', sessionUuid), secret };
}

/** What of the secret is in the database. */
export function hashSessionSecret(secret: Uint8Array): Uint8Array {
  return createHash('sha256').update(secret).digest();
}

/** How an identity provider's subject is known here: it says nothing about either, and is the same in every tenant. */
export function identityHashOf(identity: { readonly issuer: string; readonly subject: string }): string {
  return createHash('sha256').update(`${identity.issuer}\n${identity.subject}`).digest('hex');
}

/**
 * Checks sessions of people. Answers are kept for half a second, as those about API keys are, so that a session that was
 * revoked, or whose person, identity, environment or tenant is gone, stops within a second everywhere.
 */
export function createSessionAuthenticator(ports: SessionAuthenticatorPorts): SessionAuthenticator {
  const known = new Map<string, { until: number; caller: Promise<Caller | null> }>();
  return {
    authenticate(cookieText, identityHash) {
      const credential = parseSession(cookieText);
      if (!credential) return Promise.resolve(null);
      const name = createHash('sha256')
        .update(identityHash === undefined ? cookieText : `${cookieText}\n${identityHash}`)
        .digest('base64');
      const now = ports.now();
      const kept = known.get(name);
      if (kept && now < kept.until) return kept.caller;
      const caller = lookUp(ports, { credential, identityHash: identityHash ?? null });
      known.delete(name);
      known.set(name, { until: now + limits.credentialCacheMilliseconds, caller });
      // A look-up that failed says nothing about the session.
      caller.catch(() => known.delete(name));
      for (const oldest of known.keys()) {
        if (known.size <= limits.credentialCacheEntries) break;
        known.delete(oldest);
      }
      return caller;
    },
  };
}

interface SessionQuestion {
  readonly credential: SessionCredential;
  readonly identityHash: string | null;
}

async function lookUp(ports: SessionAuthenticatorPorts, question: SessionQuestion): Promise<Caller | null> {
  const { tenantId, sessionId, secret } = question.credential;
  const found = await readSession(ports.database, question);
  const presented = hashSessionSecret(secret);
  // Compared also when the session does not exist, against itself, so that both take the same work.
  const matches = timingSafeEqual(presented, found?.session.secret_hash ?? presented);
  if (!found || !matches) return null;
  const { session, grants, isLinked } = found;
  const milliseconds = ports.now();
  const now = new Date(milliseconds).toISOString();
  const live =
    isLinked &&
    session.revoked_at === null &&
    now < session.expires_at &&
    session.principal_type === 'USER' &&
    session.principal_status === 'ACTIVE' &&
    session.environment_status === 'ACTIVE' &&
    session.tenant_status === 'ACTIVE';
  if (!live) return null;
  return {
    tenantId,
    environmentId: toId('environment', session.target_environment_id),
    // The column's CHECK keeps it to the values of its type.
    environment: { kind: session.kind as Caller['environment']['kind'], status: 'ACTIVE' },
    actor: { type: 'USER', id: toId('principal', session.principal_id), onBehalfOf: null },
    credential: { type: 'session', id: sessionId },
    ...authorityOf({
      actorType: 'USER',
      grants,
      ownerGrants: null,
      // A person's own session narrows nothing: it is the whole of what was granted.
      credentialScopes: everyScope,
      riskCeiling: 'R3',
      environmentId: session.target_environment_id,
      controlEnvironmentId: toUuid(tenantId),
      now,
    }),
    loginAgeSeconds: Math.max(0, Math.floor((milliseconds - Date.parse(session.authenticated_at)) / 1000)),
    tenantPolicy: policyFromText(session.settings),
  };
}

async function readSession(database: Database, { credential, identityHash }: SessionQuestion) {
  const control = toUuid(credential.tenantId);
  const scope = { tenantId: credential.tenantId, environmentId: controlEnvironmentOf(credential.tenantId) };
  return database.read(scope, async (db) => {
    const session = await db
      .selectFrom('sessions as s')
      .innerJoin('principals as p', (join) =>
        join
          .onRef('p.tenant_id', '=', 's.tenant_id')
          .onRef('p.environment_id', '=', 's.environment_id')
          .onRef('p.id', '=', 's.principal_id'),
      )
      .innerJoin('environments as e', (join) =>
        join
          .onRef('e.tenant_id', '=', 's.tenant_id')
          .onRef('e.environment_id', '=', 's.environment_id')
          .onRef('e.id', '=', 's.target_environment_id'),
      )
      .innerJoin('tenants as t', (join) =>
        join.onRef('t.tenant_id', '=', 's.tenant_id').onRef('t.environment_id', '=', 's.environment_id'),
      )
      .leftJoin('tenant_policies as o', (join) =>
        join.onRef('o.tenant_id', '=', 's.tenant_id').onRef('o.environment_id', '=', 's.environment_id'),
      )
      .where('s.tenant_id', '=', control)
      .where('s.environment_id', '=', control)
      .where('s.id', '=', toUuid(credential.sessionId))
      .select(['s.secret_hash', 's.authenticated_at', 's.expires_at', 's.revoked_at', 's.principal_id'])
      .select(['s.target_environment_id', 'p.type as principal_type', 'p.status as principal_status'])
      .select(['e.kind', 'e.status as environment_status', 't.status as tenant_status', 'o.settings'])
      .executeTakeFirst();
    if (!session) return null;
    const identities = db
      .selectFrom('principal_identities')
      .select('identity_hash')
      .where('tenant_id', '=', control)
      .where('environment_id', '=', control)
      .where('principal_id', '=', session.principal_id)
      .where('status', '=', 'LINKED')
      .$if(identityHash !== null, (query) => query.where('identity_hash', '=', identityHash ?? ''))
      .limit(1)
      .execute();
    const [linked, grants] = await Promise.all([
      identities,
      readGrants(db, { tenant: control, principal: session.principal_id }),
    ]);
    return { session, isLinked: linked.length > 0, grants };
  });
}

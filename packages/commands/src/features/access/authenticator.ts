import { hash, timingSafeEqual } from 'node:crypto';
import { type GrantedRole, type RiskClass, type TenantPolicy } from '@karmanflow/policy';
import { controlEnvironmentOf, type Database, limits, toId, toUuid } from '@karmanflow/schema';
import type { Caller } from '../../executor/metadata.ts';
import { accessLimits } from './access-limits.ts';
import { authorityOf } from './authority.ts';
import { policyFromText } from './settled-policy.ts';
import { hashApiKeySecret, parseApiKey, type ApiKeyCredential } from './api-key.ts';

export interface AuthenticatorPorts {
  readonly database: Database;
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number;
}

export interface Authenticator {
  /** The caller behind an API key, or null: unknown, wrong, expired and revoked look the same. */
  authenticate(key: string): Promise<Caller | null>;
}

/**
 * Checks API keys. Answers are kept for half a second, so that a revoked key stops within a second everywhere while a busy
 * one costs two look-ups a second. Kept under the hash of the key: the key itself stays nowhere.
 */
export function createAuthenticator(ports: AuthenticatorPorts): Authenticator {
  const known = new Map<string, { until: number; caller: Promise<Caller | null> }>();
  return {
    authenticate(key) {
      const name = hash('sha256', key, 'base64');
      const now = ports.now();
      const kept = known.get(name);
      if (kept && now < kept.until) return kept.caller;
      const credential = parseApiKey(key);
      if (!credential) return Promise.resolve(null);
      const caller = lookUp(ports, credential);
      known.delete(name);
      known.set(name, { until: now + limits.credentialCacheMilliseconds, caller });
      // A look-up that failed says nothing about the key.
      caller.catch(() => known.delete(name));
      for (const oldest of known.keys()) {
        if (known.size <= limits.credentialCacheEntries) break;
        known.delete(oldest);
      }
      return caller;
    },
  };
}

async function lookUp({ database, now }: AuthenticatorPorts, credential: ApiKeyCredential): Promise<Caller | null> {
  const { tenantId, apiKeyId } = credential;
  const scope = { tenantId, environmentId: controlEnvironmentOf(tenantId) };
  const control = toUuid(tenantId);
  const found = await database.read(scope, async (db) => {
    const key = await db
      .selectFrom('api_keys as k')
      .innerJoin('principals as p', (join) =>
        join
          .onRef('p.tenant_id', '=', 'k.tenant_id')
          .onRef('p.environment_id', '=', 'k.environment_id')
          .onRef('p.id', '=', 'k.principal_id'),
      )
      .innerJoin('environments as e', (join) =>
        join
          .onRef('e.tenant_id', '=', 'k.tenant_id')
          .onRef('e.environment_id', '=', 'k.environment_id')
          .onRef('e.id', '=', 'k.target_environment_id'),
      )
      .innerJoin('tenants as t', (join) =>
        join.onRef('t.tenant_id', '=', 'k.tenant_id').onRef('t.environment_id', '=', 'k.environment_id'),
      )
      .where('k.tenant_id', '=', control)
      .where('k.environment_id', '=', control)
      .where('k.id', '=', toUuid(apiKeyId))
      .select(['k.secret_hash', 'k.scopes', 'k.risk_ceiling', 'k.expires_at', 'k.revoked_at', 'k.principal_id'])
      .select(['p.type as actor_type', 'p.owner_id', 'p.status as principal_status'])
      .select(['e.id as environment', 'e.kind', 'e.status as environment_status', 't.status as tenant_status'])
      .executeTakeFirst();
    if (!key) return null;
    const grants = await readGrants(db, { tenant: control, principal: key.principal_id });
    // What an agent may do ends where its owner's authority ends.
    const ownerGrants =
      key.actor_type === 'AGENT' && key.owner_id !== null
        ? await readGrants(db, { tenant: control, principal: key.owner_id })
        : null;
    return { key, grants, ownerGrants, tenantPolicy: await readTenantPolicy(db, control) };
  });
  const presented = hashApiKeySecret(credential.secret);
  // Compared also when the key does not exist, against itself, so that both take the same work.
  const matches = timingSafeEqual(presented, found?.key.secret_hash ?? presented);
  if (!found || !matches) return null;
  const { key, grants, ownerGrants, tenantPolicy } = found;
  const time = new Date(now()).toISOString();
  const live =
    key.revoked_at === null &&
    (key.expires_at === null || time < key.expires_at) &&
    key.principal_status === 'ACTIVE' &&
    key.tenant_status === 'ACTIVE';
  if (!live) return null;
  return {
    tenantId,
    environmentId: toId('environment', key.environment),
    // The columns' CHECKs keep these to the values of their types.
    environment: {
      kind: key.kind as Caller['environment']['kind'],
      status: key.environment_status as Caller['environment']['status'],
    },
    actor: {
      type: key.actor_type as Caller['actor']['type'],
      id: toId('principal', key.principal_id),
      onBehalfOf: key.owner_id === null ? null : toId('principal', key.owner_id),
    },
    credential: { type: 'api_key', id: apiKeyId },
    ...authorityOf({
      actorType: key.actor_type as Caller['actor']['type'],
      grants,
      ownerGrants,
      credentialScopes: key.scopes,
      riskCeiling: key.risk_ceiling as RiskClass,
      environmentId: key.environment,
      controlEnvironmentId: control,
      now: time,
    }),
    // A key is no login: whoever holds it may be anybody.
    loginAgeSeconds: null,
    tenantPolicy,
  };
}

type Reader = Parameters<Parameters<Database['read']>[1]>[0];

/** The grants of an active principal; none of one that is disabled. */
export async function readGrants(
  db: Reader,
  { tenant, principal }: { tenant: string; principal: string },
): Promise<GrantedRole[]> {
  const rows = await db
    .selectFrom('role_grants as g')
    .innerJoin('principals as p', (join) =>
      join
        .onRef('p.tenant_id', '=', 'g.tenant_id')
        .onRef('p.environment_id', '=', 'g.environment_id')
        .onRef('p.id', '=', 'g.principal_id'),
    )
    .select(['g.role', 'g.target_environment_id', 'g.valid_from', 'g.valid_until', 'g.revoked_at'])
    .where('g.tenant_id', '=', tenant)
    .where('g.environment_id', '=', tenant)
    .where('g.principal_id', '=', principal)
    .where('p.status', '=', 'ACTIVE')
    .limit(accessLimits.grantsPerPrincipal)
    .execute();
  return rows.map((grant) => ({
    role: grant.role,
    environmentId: grant.target_environment_id,
    validFrom: grant.valid_from,
    validUntil: grant.valid_until,
    revokedAt: grant.revoked_at,
  }));
}

/** What the tenant settled for itself, or what holds where it settled nothing. Throws on settings that cannot be read. */
export async function readTenantPolicy(db: Reader, tenant: string): Promise<TenantPolicy> {
  const stored = await db
    .selectFrom('tenant_policies')
    .select('settings')
    .where('tenant_id', '=', tenant)
    .where('environment_id', '=', tenant)
    .executeTakeFirst();
  return policyFromText(stored?.settings ?? null);
}

import { defaultTenantPolicy, liveRoles, parseTenantPolicy, type TenantPolicy } from '@karmanflow/policy';
import { controlEnvironmentOf, type Database, type Id, toId, toUuid } from '@karmanflow/schema';
import { sessionLimits } from './session-limits.ts';

/** An environment that a person may work in. */
export interface EnvironmentChoice {
  readonly environmentId: Id<'environment'>;
  readonly name: string;
  readonly kind: 'SANDBOX' | 'PRODUCTION';
}

/** A tenant that knows a person, as whom, and where that person may work in it. */
export interface TenantChoice {
  readonly tenantId: Id<'tenant'>;
  readonly name: string;
  readonly principalId: Id<'principal'>;
  /** What the tenant calls the person; null when nothing was recorded or it was erased. */
  readonly displayName: string | null;
  readonly tenantPolicy: TenantPolicy;
  readonly environments: readonly EnvironmentChoice[];
}

export interface TenantsFound {
  readonly tenants: readonly TenantChoice[];
  /** Whether there are more than were looked at. */
  readonly hasMore: boolean;
}

export interface TenantFinder {
  /** Of the role kf_login: identities of all tenants, and nothing else. */
  readonly loginDatabase: Database;
  /** Of the role kf_read: one tenant at a time. */
  readonly readDatabase: Database;
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number;
}

interface Membership {
  readonly tenantId: Id<'tenant'>;
  readonly principalId: Id<'principal'>;
}

/** The tenants in which this identity stands for an active person with a role somewhere; bounded, in order of their ids. */
export async function findTenants(finder: TenantFinder, identityHash: string): Promise<TenantsFound> {
  const rows = await finder.loginDatabase.unscoped((db) =>
    db
      .selectFrom('principal_identities')
      .select(['tenant_id', 'principal_id'])
      .where('identity_hash', '=', identityHash)
      .where('status', '=', 'LINKED')
      .orderBy('tenant_id')
      .limit(sessionLimits.tenants + 1)
      .execute(),
  );
  const memberships = rows.slice(0, sessionLimits.tenants).map((row): Membership => ({
    tenantId: toId('tenant', row.tenant_id),
    principalId: toId('principal', row.principal_id),
  }));
  const tenants: TenantChoice[] = [];
  for (let from = 0; from < memberships.length; from += sessionLimits.tenantsAtOnce) {
    const some = memberships.slice(from, from + sessionLimits.tenantsAtOnce);
    const read = await Promise.all(some.map((membership) => readTenant(finder, membership)));
    tenants.push(...read.flatMap((tenant) => (tenant === null ? [] : [tenant])));
  }
  return { tenants, hasMore: rows.length > sessionLimits.tenants };
}

/** The tenant as this person sees it, or null when it is suspended, the person is not active, or may work nowhere. */
async function readTenant(finder: TenantFinder, membership: Membership): Promise<TenantChoice | null> {
  const { tenantId, principalId } = membership;
  const found = await readRows(finder.readDatabase, membership);
  if (found === null) return null;
  const { tenant, environments, grants } = found;
  const now = new Date(finder.now()).toISOString();
  const allowed = environments.filter(({ id }) => liveRoles({ grants, environmentId: id, now }).length > 0);
  if (allowed.length === 0) return null;
  return {
    tenantId,
    name: tenant.name,
    principalId,
    displayName: tenant.value,
    tenantPolicy: (tenant.settings === null ? null : parseTenantPolicy(tenant.settings)) ?? defaultTenantPolicy,
    environments: allowed.map(({ id, name, kind }) => ({
      environmentId: toId('environment', id),
      name,
      kind: kind === 'PRODUCTION' ? 'PRODUCTION' : 'SANDBOX',
    })),
  };
}

function readRows(database: Database, { tenantId, principalId }: Membership) {
  const control = toUuid(tenantId);
  const scope = { tenantId, environmentId: controlEnvironmentOf(tenantId) };
  return database.read(scope, async (db) => {
    const tenant = await db
      .selectFrom('principals as p')
      .innerJoin('tenants as t', (join) =>
        join.onRef('t.tenant_id', '=', 'p.tenant_id').onRef('t.environment_id', '=', 'p.environment_id'),
      )
      .leftJoin('tenant_policies as o', (join) =>
        join.onRef('o.tenant_id', '=', 'p.tenant_id').onRef('o.environment_id', '=', 'p.environment_id'),
      )
      .leftJoin('personal_data as d', (join) =>
        join
          .onRef('d.tenant_id', '=', 'p.tenant_id')
          .onRef('d.environment_id', '=', 'p.environment_id')
          .onRef('d.id', '=', 'p.personal_data_id'),
      )
      .where('p.tenant_id', '=', control)
      .where('p.environment_id', '=', control)
      .where('p.id', '=', toUuid(principalId))
      .where('p.type', '=', 'USER')
      .where('p.status', '=', 'ACTIVE')
      .where('t.status', '=', 'ACTIVE')
      .select(['t.name', 'o.settings', 'd.value'])
      .executeTakeFirst();
    if (tenant === undefined) return null;
    const environments = db
      .selectFrom('environments')
      .select(['id', 'name', 'kind'])
      .where('tenant_id', '=', control)
      .where('environment_id', '=', control)
      .where('status', '=', 'ACTIVE')
      // What concerns the tenant as a whole is done from any of its environments.
      .where('kind', '!=', 'CONTROL')
      .orderBy('name')
      .limit(sessionLimits.environmentsPerTenant)
      .execute();
    const grants = db
      .selectFrom('role_grants')
      .select(['role', 'target_environment_id', 'valid_from', 'valid_until', 'revoked_at'])
      .where('tenant_id', '=', control)
      .where('environment_id', '=', control)
      .where('principal_id', '=', toUuid(principalId))
      .limit(sessionLimits.grantsPerPrincipal)
      .execute();
    const [places, granted] = await Promise.all([environments, grants]);
    return {
      tenant,
      environments: places,
      grants: granted.map((grant) => ({
        role: grant.role,
        environmentId: grant.target_environment_id,
        validFrom: grant.valid_from,
        validUntil: grant.valid_until,
        revokedAt: grant.revoked_at,
      })),
    };
  });
}

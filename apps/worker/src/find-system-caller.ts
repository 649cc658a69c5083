import { type Caller, systemAuthority } from '@karmanflow/commands';
import type { RoleName } from '@karmanflow/policy';
import { controlEnvironmentOf, type Database, type Scope, toId, toUuid } from '@karmanflow/schema';

/** A principal of type SYSTEM that each tenant has for work of this process, and the role that the process has in it. */
export interface SystemPrincipal {
  readonly handle: string;
  readonly role: RoleName;
}

/** Why nothing can be done in an environment. */
export type NoSystemCaller =
  | 'principal_missing'
  | 'principal_not_active'
  | 'environment_missing'
  | 'environment_archived';

export type SystemCallerResult =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly reason: NoSystemCaller };

/** As whom this process acts in an environment: the tenant's own principal, with the scopes of one role and no other. */
export async function findSystemCaller(
  database: Database,
  scope: Scope,
  { handle, role }: SystemPrincipal,
): Promise<SystemCallerResult> {
  const { tenantId, environmentId } = scope;
  const control = toUuid(tenantId);
  const { environment, principal } = await database.read(
    { tenantId, environmentId: controlEnvironmentOf(tenantId) },
    async (db) => ({
      environment: await db
        .selectFrom('environments')
        .select(['kind', 'status'])
        .where('tenant_id', '=', control)
        .where('environment_id', '=', control)
        .where('id', '=', toUuid(environmentId))
        .executeTakeFirst(),
      principal: await db
        .selectFrom('principals')
        .select(['id', 'status'])
        .where('tenant_id', '=', control)
        .where('environment_id', '=', control)
        .where('handle', '=', handle)
        .where('type', '=', 'SYSTEM')
        .executeTakeFirst(),
    }),
  );
  if (!environment) return { ok: false, reason: 'environment_missing' };
  // Policy would deny each command there, and each denial would leave a receipt.
  if (environment.status !== 'ACTIVE') return { ok: false, reason: 'environment_archived' };
  if (!principal) return { ok: false, reason: 'principal_missing' };
  if (principal.status !== 'ACTIVE') return { ok: false, reason: 'principal_not_active' };
  return {
    ok: true,
    caller: {
      tenantId,
      environmentId,
      // The column's CHECK keeps it to the values of its type.
      environment: { kind: environment.kind as Caller['environment']['kind'], status: 'ACTIVE' },
      actor: { type: 'SYSTEM', id: toId('principal', principal.id), onBehalfOf: null },
      credential: null,
      ...systemAuthority(role),
    },
  };
}

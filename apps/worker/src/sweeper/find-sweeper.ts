import { type Caller, systemAuthority } from '@karmanflow/commands';
import { controlEnvironmentOf, type Database, type Scope, toId, toUuid } from '@karmanflow/schema';

/** The handle of the principal, of type SYSTEM, that each tenant has for expiries. */
export const sweeperHandle = 'expiry-sweeper';

/** Why nothing can be expired in an environment. */
export type NoSweeper = 'principal_missing' | 'principal_not_active' | 'environment_missing' | 'environment_archived';

export type SweeperResult =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly reason: NoSweeper };

/** As whom expiries of an environment are issued: the tenant's own sweeper, with the scopes of that role and no other. */
export async function findSweeper(database: Database, scope: Scope): Promise<SweeperResult> {
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
        .where('handle', '=', sweeperHandle)
        .where('type', '=', 'SYSTEM')
        .executeTakeFirst(),
    }),
  );
  if (!environment) return { ok: false, reason: 'environment_missing' };
  // Policy would deny each expiry there, and each denial would leave a receipt.
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
      ...systemAuthority('expiry_sweeper'),
    },
  };
}

import type { Id } from '@karmanflow/schema';
import type { StateReader } from '../../definition/command.ts';
import { type Load, rowsWhere } from '../../definition/entity.ts';
import { principal } from './entities/principal.ts';
import { roleGrant, type RoleGrantState } from './entities/role-grant.ts';

export const administratorRole = 'administrator';

/**
 * All grants of the role administrator that the tenant ever had; granting stops at a limit, so they can all be read. Commands
 * that may take an administrator away load them first of all, and principals after them: they wait for each other here.
 */
export const administratorGrants: Load = rowsWhere(roleGrant, { role: administratorRole });

/** Grants that keep a tenant governable: for the tenant as a whole, and without an end that would come by itself. */
function standingGrants(state: StateReader): RoleGrantState[] {
  return state
    .list(roleGrant, { role: administratorRole })
    .filter((one) => one.revokedAt === null && one.targetEnvironmentId === null && one.validUntil === null);
}

/** For `loadNext`: the principals behind those grants. */
export function administratorPrincipals(state: StateReader): Load[] {
  return standingGrants(state).map(({ principalId }) => rowsWhere(principal, { id: principalId }));
}

/** True when the tenant has an active human administrator now, and would have none without this grant or principal. */
export function isLastAdministrator(
  state: StateReader,
  options: { readonly now: string; readonly without: Id<'roleGrant'> | Id<'principal'> },
): boolean {
  const standing = standingGrants(state).filter((one) => {
    const holder = state.get(principal, { id: one.principalId });
    return one.validFrom <= options.now && holder?.type === 'USER' && holder.status === 'ACTIVE';
  });
  const left = standing.filter((one) => one.id !== options.without && one.principalId !== options.without);
  return standing.length > 0 && left.length === 0;
}

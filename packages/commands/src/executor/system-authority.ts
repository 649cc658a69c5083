import { defaultTenantPolicy, type RoleName, roles } from '@karmanflow/policy';
import type { Caller } from './metadata.ts';

/**
 * What a process of ours may do that acts under one role, in an environment and in the control environment alike. It stands
 * in no grant: the process was deployed with it. Never above R1, since R2 and R3 are for people to ask for.
 */
export function systemAuthority(
  role: RoleName,
): Pick<
  Caller,
  'scopes' | 'controlScopes' | 'roles' | 'controlRoles' | 'riskCeiling' | 'loginAgeSeconds' | 'tenantPolicy'
> {
  const scopes = new Set<string>(roles[role]);
  return {
    scopes,
    controlScopes: scopes,
    roles: [role],
    controlRoles: [role],
    riskCeiling: 'R1',
    loginAgeSeconds: null,
    tenantPolicy: defaultTenantPolicy,
  };
}

/**
 * Roles as sets of scopes. A grant gives a principal a role for the tenant or for one environment; a credential narrows
 * further. Role names are part of the data (role_grants.role): they are added and extended, never renamed.
 */
export const roles = {
  operator: [
    'inventory.variant:register',
    'inventory.location:register',
    'inventory.channel:register',
    'inventory.level:adjust',
    'inventory.level:set_safety_stock',
    'inventory.level:read',
    'inventory.catalogue:read',
    'inventory.movement:read',
    'inventory.reservation:create',
    'inventory.reservation:extend',
    'inventory.reservation:commit',
    'inventory.reservation:expire',
    'inventory.reservation:cancel',
    'inventory.reservation:read',
    'audit.receipt:read',
    'audit.event:read',
  ],
  administrator: ['access.api_key:revoke', 'access.api_key:issue', 'access.api_key:read'],
  connector: [
    'inventory.catalogue:read',
    'inventory.level:read',
    'inventory.reservation:create',
    'inventory.reservation:extend',
    'inventory.reservation:commit',
    'inventory.reservation:cancel',
    'inventory.reservation:read',
  ],
  expiry_sweeper: ['inventory.reservation:expire'],
  viewer: [
    'inventory.level:read',
    'inventory.catalogue:read',
    'inventory.movement:read',
    'inventory.reservation:read',
    'audit.receipt:read',
    'audit.event:read',
  ],
  platform_bootstrap: ['access.tenant:bootstrap'],
} as const satisfies Record<string, readonly string[]>;

export type RoleName = keyof typeof roles;

export function isRoleName(name: string): name is RoleName {
  return Object.hasOwn(roles, name);
}

export interface GrantedRole {
  readonly role: string;
  /** null: every environment of the tenant. */
  readonly environmentId: string | null;
  /** RFC 3339 UTC. A grant counts from validFrom, inclusive, to validUntil, exclusive. */
  readonly validFrom: string;
  readonly validUntil: string | null;
  readonly revokedAt: string | null;
}

/**
 * The scopes that live grants give in one environment, narrowed to what the credential carries. A role that this build
 * does not know gives nothing. Times compare as text, since all are RFC 3339 UTC with milliseconds.
 */
export function effectiveScopes(options: {
  grants: readonly GrantedRole[];
  credentialScopes: readonly string[];
  environmentId: string;
  now: string;
}): Set<string> {
  const carried = new Set(options.credentialScopes);
  const scopes = new Set<string>();
  for (const grant of options.grants) {
    if (grant.revokedAt !== null || !isRoleName(grant.role)) continue;
    if (grant.environmentId !== null && grant.environmentId !== options.environmentId) continue;
    if (grant.validFrom > options.now || (grant.validUntil !== null && grant.validUntil <= options.now)) continue;
    for (const scope of roles[grant.role]) if (carried.has(scope)) scopes.add(scope);
  }
  return scopes;
}

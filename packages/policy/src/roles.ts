const connectorScopes = [
  'inventory.catalogue:read',
  'inventory.level:read',
  'inventory.reservation:create',
  'inventory.reservation:extend',
  'inventory.reservation:commit',
  'inventory.reservation:cancel',
  'inventory.reservation:read',
  // A shop tells its stock levels; what a source may become is what its mapping says, which a human approved.
  'inventory.level:adjust',
  'ingest.message:claim',
  'ingest.message:quarantine',
  'ingest.message:settle',
  'access.capability:read',
] as const;

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
    'inventory.reservation:mass_cancel',
    'inventory.reservation:read',
    'inventory.allocation:preview',
    'inventory.allocation:create',
    'inventory.allocation:override',
    'inventory.allocation:read',
    'inventory.oversell_policy:set',
    'inventory.oversell_policy:read',
    'governance.approval:read',
    'governance.approval:decide',
    'governance.approval:cancel',
    'ingest.source:read',
    'ingest.source:pause',
    'ingest.source:set_limits',
    'ingest.mapping:preview',
    'ingest.message:read',
    'ingest.message:recheck',
    'ingest.message:try_mapping',
    'ingest.message:release',
    'ingest.message:discard',
    'webhook.subscription:create',
    'webhook.subscription:update',
    'webhook.subscription:pause',
    'webhook.subscription:resume',
    'webhook.subscription:rotate_secret',
    'webhook.subscription:delete',
    'webhook.subscription:test',
    'webhook.subscription:recover',
    'webhook.subscription:read',
    'webhook.delivery:read',
    'webhook.delivery:poll',
    'access.capability:read',
    'audit.receipt:read',
    'audit.event:read',
  ],
  approver: ['governance.approval:read', 'governance.approval:decide', 'access.capability:read'],
  administrator: [
    'access.tenant:configure',
    'access.tenant:read',
    'access.environment:create',
    'access.environment:archive',
    'access.environment:read',
    'access.role:grant',
    'access.role:revoke',
    'access.role:read',
    'access.principal:register',
    'access.principal:disable',
    'access.principal:read',
    'access.identity:link',
    'access.identity:unlink',
    'access.api_key:issue',
    'access.api_key:rotate',
    'access.api_key:revoke',
    'access.api_key:read',
    'access.session:revoke',
    'access.personal_data:erase',
    'ingest.source:register',
    'ingest.source:update',
    'ingest.source:set_limits',
    'ingest.source:pause',
    'ingest.source:resume',
    'ingest.source:rotate_secret',
    'ingest.source:set_mapping',
    'ingest.source:read',
    'access.capability:read',
  ],
  connector: connectorScopes,
  /** A system of the tenant's own: what a connector has, and allocation. */
  service: [...connectorScopes, 'inventory.allocation:preview', 'inventory.allocation:create'],
  expiry_sweeper: ['inventory.reservation:expire', 'governance.approval:expire', 'ingest.message:expire'],
  /** Carries out in parts what a human had approved as a whole. */
  bulk_runner: [
    'inventory.reservation:cancel_part',
    'inventory.reservation:finish_mass_cancel',
    'inventory.oversell_policy:apply',
  ],
  /** Delivers, and records how endpoints are and what became of recoveries. */
  webhook_dispatcher: ['webhook.subscription:record_health', 'webhook.recovery:finish'],
  /** A partner that fetches what it is to be told, because it cannot be reached. */
  webhook_receiver: ['webhook.delivery:poll'],
  login: ['access.session:open', 'access.session:close'],
  viewer: [
    'inventory.level:read',
    'inventory.catalogue:read',
    'inventory.movement:read',
    'inventory.reservation:read',
    'inventory.allocation:read',
    'inventory.oversell_policy:read',
    'governance.approval:read',
    'ingest.message:read',
    'webhook.subscription:read',
    'webhook.delivery:read',
    'access.capability:read',
    'audit.receipt:read',
    'audit.event:read',
  ],
  platform_operator: ['platform.tenant:create', 'platform.tenant:read'],
  platform_bootstrap: ['access.tenant:bootstrap', 'platform.tenant:confirm'],
} as const satisfies Record<string, readonly string[]>;

export type RoleName = keyof typeof roles;

export function isRoleName(name: string): name is RoleName {
  return typeof name === 'string' && Object.hasOwn(roles, name);
}

export interface GrantedRole {
  readonly role: string;
  /** null: every environment of the tenant, the control environment too. */
  readonly environmentId: string | null;
  /** RFC 3339 UTC. A grant counts from validFrom, inclusive, to validUntil, exclusive. */
  readonly validFrom: string;
  readonly validUntil: string | null;
  readonly revokedAt: string | null;
}

export interface GrantsHere {
  readonly grants: readonly GrantedRole[];
  /**
   * Where the command runs, which for one of the control plane is the tenant's control environment, whatever environment
   * the credential is bound to: there, only tenant-wide grants and grants on the control environment itself count.
   */
  readonly environmentId: string;
  /** RFC 3339 UTC with milliseconds. */
  readonly now: string;
}

/** Lists that `sortedRoles` returned: frozen, so that what held for them then holds for good. */
const sortedLists = new WeakSet<readonly string[]>();

/** The names that this build knows, sorted, each once. Lists that came from here are returned as they are. */
export function sortedRoles(names: readonly string[]): readonly RoleName[] {
  if (isSortedRoles(names)) return names;
  const sorted = Object.freeze([...new Set(names)].filter(isRoleName).toSorted());
  sortedLists.add(sorted);
  return sorted;
}

/** Whether a list came from `sortedRoles`, and so from `liveRoles`. Asked on every command, hence no look at the names. */
export function isSortedRoles(names: readonly string[]): names is readonly RoleName[] {
  return sortedLists.has(names);
}

/** The names of the roles that live grants give in one environment, sorted, each once. */
export function liveRoles(here: GrantsHere): readonly RoleName[] {
  return sortedRoles(here.grants.filter((grant) => isLive(grant, here)).map((grant) => grant.role));
}

/**
 * The scopes that live grants give in one environment, narrowed to what the credential carries. A role that this build
 * does not know gives nothing.
 */
export function effectiveScopes(here: GrantsHere & { readonly credentialScopes: readonly string[] }): Set<string> {
  const carried = new Set(here.credentialScopes);
  const scopes = new Set<string>();
  for (const role of liveRoles(here)) for (const scope of roles[role]) if (carried.has(scope)) scopes.add(scope);
  return scopes;
}

/** Times compare as text, since all are RFC 3339 UTC with milliseconds. */
function isLive(grant: GrantedRole, { environmentId, now }: GrantsHere): boolean {
  if (grant.revokedAt !== null) return false;
  if (grant.environmentId !== null && grant.environmentId !== environmentId) return false;
  return grant.validFrom <= now && (grant.validUntil === null || now < grant.validUntil);
}

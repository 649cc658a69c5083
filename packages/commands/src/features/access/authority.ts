import {
  type ActorType,
  agentRiskCeiling,
  agentScopes,
  effectiveScopes,
  type GrantedRole,
  liveRoles,
  type RiskClass,
  roles,
} from '@karmanflow/policy';
import type { Caller } from '../../executor/metadata.ts';

/** Every scope that some role gives: what a credential carries that narrows nothing, such as a person's own session. */
export const everyScope: readonly string[] = [...new Set<string>(Object.values(roles).flat())];

export interface AuthorityQuestion {
  readonly actorType: ActorType;
  readonly grants: readonly GrantedRole[];
  /** Of the human who owns an agent; null when there is none, or none that is active. */
  readonly ownerGrants: readonly GrantedRole[] | null;
  readonly credentialScopes: readonly string[];
  readonly riskCeiling: RiskClass;
  /** In the same form as the environments of the grants. */
  readonly environmentId: string;
  readonly controlEnvironmentId: string;
  /** RFC 3339 UTC with milliseconds. */
  readonly now: string;
}

export type Authority = Pick<Caller, 'scopes' | 'controlScopes' | 'roles' | 'controlRoles' | 'riskCeiling'>;

/**
 * What an actor may do, in its environment and in the tenant's control environment: its live grants within what the
 * credential carries, and for an agent never more than its owner. Pure; whoever knows the grants asks the same question.
 */
export function authorityOf(question: AuthorityQuestion): Authority {
  const { actorType, grants, ownerGrants, credentialScopes, now } = question;
  const isAgent = actorType === 'AGENT';
  const scopesIn = (environmentId: string): ReadonlySet<string> => {
    const own = effectiveScopes({ grants, credentialScopes, environmentId, now });
    if (!isAgent) return own;
    const owner = effectiveScopes({ grants: ownerGrants ?? [], credentialScopes: everyScope, environmentId, now });
    return agentScopes({ own, owner });
  };
  return {
    scopes: scopesIn(question.environmentId),
    controlScopes: scopesIn(question.controlEnvironmentId),
    roles: liveRoles({ grants, environmentId: question.environmentId, now }),
    controlRoles: liveRoles({ grants, environmentId: question.controlEnvironmentId, now }),
    // A human may own anything that is granted to humans; what an agent may propose ends at R2.
    riskCeiling: isAgent ? agentRiskCeiling({ own: question.riskCeiling, owner: 'R3' }) : question.riskCeiling,
  };
}

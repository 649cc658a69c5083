import {
  type ActorType,
  type EnvironmentStatus,
  type RiskClass,
  riskClasses,
  type Scope,
  type TenantPolicy,
} from './model.ts';
import { settingOf } from './tenant-policy.ts';

/** The scope of whoever votes, in the environment of the request. */
export const voteScope = 'governance.approval:decide' satisfies Scope;

export interface VoteQuestion {
  readonly voter: {
    readonly type: ActorType;
    /** The principal's id, in the one form in which ids are compared here. */
    readonly id: string;
    readonly scopes: ReadonlySet<string>;
    /** Names of the roles that live grants give in the environment of the request (`liveRoles`). */
    readonly roles: readonly string[];
    /** Seconds since this human logged in; null when nobody did behind the credential. */
    readonly loginAgeSeconds: number | null;
    /** Of the request's environment; live unless given. */
    readonly environmentStatus?: EnvironmentStatus;
  };
  readonly request: {
    readonly commandType: string;
    readonly risk: RiskClass;
    readonly requestedBy: string;
    readonly onBehalfOf: string | null;
    /** Principals that own the agent, service or key that requested. */
    readonly owners: readonly string[];
  };
  /** Ids of those who have voted on this request, whatever their votes say. */
  readonly votedAlready: readonly string[];
  /** As `parseTenantPolicy` returned it; `defaultTenantPolicy` unless given. */
  readonly tenantPolicy?: TenantPolicy;
}

export interface VoteRule {
  readonly name: string;
  readonly says: string;
  readonly decision: 'allow' | 'deny';
  readonly applies: (question: VoteQuestion, tenantPolicy: TenantPolicy) => boolean;
}

const isId = (value: unknown): boolean => typeof value === 'string' && value !== '';

function isReadable({ voter, request, votedAlready }: VoteQuestion): boolean {
  return (
    isId(voter.id) &&
    isId(request.requestedBy) &&
    (request.onBehalfOf === null || isId(request.onBehalfOf)) &&
    [request.owners, votedAlready].every((ids) => Array.isArray(ids) && ids.every(isId)) &&
    Array.isArray(voter.roles) &&
    typeof request.commandType === 'string' &&
    riskClasses.includes(request.risk)
  );
}

function isFresh(ageSeconds: unknown, ageMaxSeconds: number): boolean {
  return typeof ageSeconds === 'number' && ageSeconds >= 0 && ageSeconds <= ageMaxSeconds;
}

/** In order; the first that applies decides. */
export const voteRules: readonly VoteRule[] = [
  {
    name: 'vote_malformed',
    says: 'a vote whose voter, request or earlier votes cannot be read is denied',
    decision: 'deny',
    applies: (question) => !isReadable(question),
  },
  {
    name: 'environment_archived',
    says: 'nobody votes in an archived environment',
    decision: 'deny',
    applies: ({ voter }) => voter.environmentStatus !== undefined && voter.environmentStatus !== 'ACTIVE',
  },
  {
    name: 'voter_not_human',
    says: 'only humans vote: services, connectors, agents and the system approve nothing',
    decision: 'deny',
    applies: ({ voter }) => voter.type !== 'USER',
  },
  {
    name: 'login_not_fresh',
    says: 'who votes has logged in within the time that the tenant allows',
    decision: 'deny',
    applies: ({ voter }, { loginMaxAgeSeconds }) => !isFresh(voter.loginAgeSeconds, loginMaxAgeSeconds),
  },
  {
    name: 'scope_missing',
    says: `nobody votes without the scope ${voteScope}`,
    decision: 'deny',
    applies: ({ voter }) => voter.scopes.has(voteScope) !== true,
  },
  {
    name: 'voter_is_requester',
    says: 'nobody votes on a request of their own',
    decision: 'deny',
    applies: ({ voter, request }) => voter.id === request.requestedBy,
  },
  {
    name: 'voter_is_behind_requester',
    says: 'nobody votes on a request that was made on their behalf or by an agent, service or key that they own',
    decision: 'deny',
    applies: ({ voter, request }) => voter.id === request.onBehalfOf || request.owners.includes(voter.id),
  },
  {
    name: 'voted_already',
    says: 'each human votes once on a request',
    decision: 'deny',
    applies: ({ voter, votedAlready }) => votedAlready.includes(voter.id),
  },
  {
    name: 'approver_role_missing',
    says: 'where the tenant names the roles that approve a command, a voter has one of them',
    decision: 'deny',
    applies: ({ voter, request }, { approverRoles }) => {
      const named = settingOf(approverRoles, request.commandType);
      return named !== null && !named.some((role) => voter.roles.includes(role));
    },
  },
  {
    name: 'named_human_votes',
    says: 'a human who may decide, and who stands apart from the requester, votes in their own name',
    decision: 'allow',
    applies: ({ voter }) => voter.type === 'USER',
  },
];

export const otherwiseVote = {
  name: 'deny_by_default',
  says: 'a vote that no rule allows is denied',
  decision: 'deny',
  applies: () => true,
} as const satisfies VoteRule;

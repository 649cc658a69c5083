/** The words of policy. Values only: nothing here looks anything up. */

export const actorTypes = ['USER', 'SERVICE', 'SYSTEM', 'CONNECTOR', 'AGENT'] as const;
export type ActorType = (typeof actorTypes)[number];

/** R0 reads and previews · R1 ordinary writes · R2 pauses for a named human · R3 humans only, a second human approves. */
export const riskClasses = ['R0', 'R1', 'R2', 'R3'] as const;
export type RiskClass = (typeof riskClasses)[number];

export const environmentKinds = ['CONTROL', 'SANDBOX', 'PRODUCTION'] as const;
export type EnvironmentKind = (typeof environmentKinds)[number];

export const environmentStatuses = ['ACTIVE', 'ARCHIVED'] as const;
export type EnvironmentStatus = (typeof environmentStatuses)[number];

/** `<domain>.<entity>:<verb>`, for example `inventory.reservation:create`. */
export type Scope = `${string}.${string}:${string}`;

export const scopePattern = /^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*:[a-z][a-z0-9_]*$/;

export interface PolicyActor {
  readonly type: ActorType;
  /** What the actor's roles and its credential together allow, already narrowed to the environment. */
  readonly scopes: ReadonlySet<string>;
  /** The highest class that the credential may propose. */
  readonly riskCeiling: RiskClass;
  /** Names of the roles that live grants give here (`liveRoles`). For the record: scopes decide. */
  readonly roles?: readonly string[];
  /** Seconds since the human behind this credential logged in; null or absent when nobody did. */
  readonly loginAgeSeconds?: number | null;
}

export interface PolicyCommand {
  readonly type: string;
  readonly scope: string;
  readonly risk: RiskClass;
  /** Actor types that may send it at all; all of them unless named. */
  readonly actorTypes?: readonly ActorType[];
}

export interface PolicyEnvironment {
  readonly kind: EnvironmentKind;
  readonly status: EnvironmentStatus;
}

/** What a tenant settles for itself. Keys of the records are command types; what they do not name has the default. */
export interface TenantPolicy {
  /** How long a request waits for its votes. */
  readonly approvalTtlSeconds: number;
  /** How old the login behind an R3 proposal or a vote may be. */
  readonly loginMaxAgeSeconds: number;
  /** Votes that a command needs; one unless named. */
  readonly quorum: Readonly<Record<string, number>>;
  /** Roles of which a voter needs one; any role that may decide unless named. */
  readonly approverRoles: Readonly<Record<string, readonly string[]>>;
  /** Amounts above which an R1 command counts as R2. */
  readonly raiseAbove: Readonly<Record<string, number>>;
}

export interface PolicyQuestion {
  readonly actor: PolicyActor;
  readonly command: PolicyCommand;
  readonly environment: PolicyEnvironment;
  /** As `parseTenantPolicy` returned it; `defaultTenantPolicy` unless given. */
  readonly tenantPolicy?: TenantPolicy;
  /** How much the command moves, without a sign; null or absent for commands that move no amount. */
  readonly amount?: number | null;
  /** Set when a paused command is executed by its deciding vote: who approved so far, and how many its request asked for. */
  readonly approval?: { readonly approvers: number; readonly quorum: number } | null;
}

/** Stands in a fact for a word that is not one of its closed list. */
export const unknownWord = 'UNKNOWN';
type OrUnknown<Word extends string> = Word | typeof unknownWord;

/**
 * Exactly what the rules look at, as plain JSON with its keys in order: it stands on every receipt, so that anyone can
 * repeat the decision from the receipt alone. A number that was no count is -1. A type, so that it is assignable to JSON.
 */
export type PolicyFacts = {
  readonly actorType: OrUnknown<ActorType>;
  readonly amount: number | null;
  /** Of the tenant, for this command. */
  readonly amountLimit: number | null;
  readonly approvers: number | null;
  /** Actor types that the command accepts; null: all. */
  readonly commandAccepts: readonly ActorType[] | null;
  readonly environmentKind: OrUnknown<EnvironmentKind>;
  readonly environmentStatus: OrUnknown<EnvironmentStatus>;
  readonly loginAgeSeconds: number | null;
  readonly loginMaxAgeSeconds: number;
  /** What the request asked for or what the tenant asks for now, whichever is more; null without an approval. */
  readonly quorum: number | null;
  /** As the command declares it. */
  readonly risk: OrUnknown<RiskClass>;
  readonly riskCeiling: OrUnknown<RiskClass>;
  /** Sorted, at most 16. */
  readonly roles: readonly string[];
  readonly scope: string;
  readonly scopeGranted: boolean;
  readonly tenantPolicyHash: string;
};

export type Decision = 'allow' | 'deny' | 'needs_approval';

export interface PolicyDecision {
  readonly decision: Decision;
  /** The rule that decided. */
  readonly rule: string;
  readonly ruleSetVersion: string;
  /** SHA-256, in hex, of the rule set's description: what an auditor compares. */
  readonly ruleSetHash: string;
  /** The class that counts: as declared, or R2 for an R1 whose amount is above the tenant's limit. */
  readonly risk: RiskClass;
  readonly facts: PolicyFacts;
}

/** -1 for a word that is no risk class, which is so below every class. */
export function riskRank(risk: string): number {
  return (riskClasses as readonly string[]).indexOf(risk);
}

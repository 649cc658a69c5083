/** The words of policy. Values only: nothing here looks anything up. */

export const actorTypes = ['USER', 'SERVICE', 'SYSTEM', 'CONNECTOR', 'AGENT'] as const;
export type ActorType = (typeof actorTypes)[number];

/** R0 reads and previews · R1 ordinary writes · R2 pauses for a named human · R3 humans only, a second human approves. */
export const riskClasses = ['R0', 'R1', 'R2', 'R3'] as const;
export type RiskClass = (typeof riskClasses)[number];

/** `<domain>.<entity>:<verb>`, for example `inventory.reservation:create`. */
export type Scope = `${string}.${string}:${string}`;

export const scopePattern = /^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*:[a-z][a-z0-9_]*$/;

export interface PolicyActor {
  readonly type: ActorType;
  /** What the actor's roles and its credential together allow, already narrowed to the environment. */
  readonly scopes: ReadonlySet<string>;
  /** The highest class that the credential may propose. */
  readonly riskCeiling: RiskClass;
}

export interface PolicyCommand {
  readonly type: string;
  readonly scope: string;
  readonly risk: RiskClass;
  /** Actor types that may send it at all; all of them unless named. */
  readonly actorTypes?: readonly ActorType[];
}

export interface PolicyEnvironment {
  readonly kind: 'CONTROL' | 'SANDBOX' | 'PRODUCTION';
  readonly status: 'ACTIVE' | 'ARCHIVED';
}

export interface PolicyQuestion {
  readonly actor: PolicyActor;
  readonly command: PolicyCommand;
  readonly environment: PolicyEnvironment;
}

export type Decision = 'allow' | 'deny' | 'needs_approval';

export interface PolicyDecision {
  readonly decision: Decision;
  /** The rule that decided. */
  readonly rule: string;
  readonly ruleSetVersion: string;
  /** SHA-256, in hex, of the rule set's description: what an auditor compares. */
  readonly ruleSetHash: string;
}

export function riskRank(risk: RiskClass): number {
  return riskClasses.indexOf(risk);
}

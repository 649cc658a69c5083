import { commandRules, effectiveRisk, isRaised, otherwise, raiseRule } from './command-rules.ts';
import { decideOnFacts } from './evaluate-policy.ts';
import type { Decision, PolicyDecision, PolicyFacts } from './model.ts';
import { areFacts, recordedFacts } from './policy-facts.ts';
import { isRoleName, roles } from './roles.ts';
import { ruleSetHash, ruleSetVersion } from './rule-set.ts';

export interface DecisionStep {
  readonly rule: string;
  readonly says: string;
  /** Whether the rule's condition held. */
  readonly applied: boolean;
}

export interface DecisionExplanation {
  /** Whether the rules, applied to the recorded facts, lead to the recorded decision by the recorded rule. */
  readonly agrees: boolean;
  /** What the facts lead to. */
  readonly decision: Decision;
  readonly rule: string;
  readonly says: string;
  /** The rules in order, up to the one that decided. */
  readonly steps: readonly DecisionStep[];
  /** Why the agreement, or the facts themselves, prove less than they seem to. */
  readonly doubts: readonly string[];
}

/** What a receipt records of a decision. Hashes may carry the prefix `sha256:`. */
export type RecordedDecision = Pick<PolicyDecision, 'decision' | 'rule' | 'ruleSetVersion' | 'ruleSetHash' | 'facts'> &
  Partial<Pick<PolicyDecision, 'risk'>>;

/**
 * Repeats a recorded decision from the receipt alone. Takes whatever it is given (a `RecordedDecision` unless somebody
 * wrote something else) and never throws.
 */
export function explainDecision(recorded: unknown): DecisionExplanation {
  try {
    return explain(isRecord(recorded) ? { ...recorded } : {});
  } catch {
    return explain({});
  }
}

function explain(recorded: Record<string, unknown>): DecisionExplanation {
  const { facts, complete } = recordedFacts(recorded['facts']);
  const { decision, rule, risk } = decideOnFacts(facts);
  const steps = stepsOf(facts);
  const wellFormed = complete && areFacts(facts);
  const doubts: string[] = [];
  if (!wellFormed) doubts.push('the facts are malformed');
  if (recorded['ruleSetVersion'] !== ruleSetVersion) doubts.push('the rule set has another version than this build');
  if (!isThisRuleSet(recorded['ruleSetHash'])) {
    doubts.push('the rule set hash is unknown to this build, whose rules may say something else');
  }
  if (wellFormed && facts.scopeGranted && !facts.roles.some((role) => roleHas(role, facts.scope))) {
    doubts.push('the scope was granted, but none of the recorded roles has it');
  }
  if ('risk' in recorded && recorded['risk'] !== risk)
    doubts.push('the recorded risk class is not the one that counts');
  return {
    agrees: complete && recorded['decision'] === decision && recorded['rule'] === rule,
    decision,
    rule,
    says: steps.at(-1)?.says ?? otherwise.says,
    steps,
    doubts,
  };
}

function isThisRuleSet(hash: unknown): boolean {
  return hash === ruleSetHash || hash === `sha256:${ruleSetHash}`;
}

function roleHas(role: string, scope: string): boolean {
  return isRoleName(role) && (roles[role] as readonly string[]).includes(scope);
}

function stepsOf(facts: PolicyFacts): DecisionStep[] {
  const risk = effectiveRisk(facts);
  const steps: DecisionStep[] = [{ rule: raiseRule.name, says: raiseRule.says, applied: isRaised(facts) }];
  for (const { name, says, applies } of [...commandRules, otherwise]) {
    const applied = applies(facts, risk);
    steps.push({ rule: name, says, applied });
    if (applied) break;
  }
  return steps;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

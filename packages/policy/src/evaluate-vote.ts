import { defaultTenantPolicy, parseTenantPolicy } from './tenant-policy.ts';
import { otherwiseVote, type VoteQuestion, type VoteRule, voteRules } from './vote-rules.ts';

export interface VoteDecision {
  readonly allowed: boolean;
  /** The rule that decided. */
  readonly rule: string;
  readonly says: string;
}

/** Whether someone may vote on a request, for or against it. Pure and total, as `evaluatePolicy` is. */
export function evaluateVote(question: VoteQuestion): VoteDecision {
  const { decision, name, says } = decidingRule(question);
  return { allowed: decision === 'allow', rule: name, says };
}

function decidingRule(question: VoteQuestion): VoteRule {
  const unreadable = voteRules[0] ?? otherwiseVote;
  try {
    const { tenantPolicy } = question;
    const policy = tenantPolicy === undefined ? defaultTenantPolicy : parseTenantPolicy(tenantPolicy);
    if (policy === null) return unreadable;
    return voteRules.find((rule) => rule.applies(question, policy)) ?? otherwiseVote;
  } catch {
    // A question from elsewhere whose parts are missing, or throw when they are read.
    return unreadable;
  }
}

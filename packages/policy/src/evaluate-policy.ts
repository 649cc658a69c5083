import { commandRules, effectiveRisk, otherwise } from './command-rules.ts';
import type { PolicyDecision, PolicyFacts, PolicyQuestion } from './model.ts';
import { factsOf, unknownFacts } from './policy-facts.ts';
import { ruleSetHash, ruleSetVersion } from './rule-set.ts';

/**
 * Decides whether a command may run: now, after a human's approval, or not at all. Pure and total: the same question has
 * the same answer, and every question has one. A tenant policy that `parseTenantPolicy` did not return is parsed each time.
 */
export function evaluatePolicy(question: PolicyQuestion): PolicyDecision {
  return decideOnFacts(factsOf(question));
}

/** The decision that these facts lead to. Total: facts that are none deny. */
export function decideOnFacts(facts: PolicyFacts): PolicyDecision {
  try {
    return decide(facts);
  } catch {
    // Only a value from elsewhere that is no facts at all throws when it is read.
    return decide(unknownFacts);
  }
}

function decide(facts: PolicyFacts): PolicyDecision {
  const risk = effectiveRisk(facts);
  const { decision, name } = commandRules.find((rule) => rule.applies(facts, risk)) ?? otherwise;
  return { decision, rule: name, ruleSetVersion, ruleSetHash, risk, facts };
}

import { type Decision, type PolicyFacts, type RiskClass, riskClasses, riskRank } from './model.ts';
import { areFacts } from './policy-facts.ts';

export interface CommandRule {
  readonly name: string;
  /** Plain words, part of the hash: a rule that changes its meaning changes its words. */
  readonly says: string;
  readonly decision: Decision;
  readonly applies: (facts: PolicyFacts, risk: RiskClass) => boolean;
}

/** The one rule that decides nothing itself: it settles the class that all others look at. */
export const raiseRule = {
  name: 'risk_raised_by_amount',
  says: 'R1 counts as R2 in every other rule when its amount is above the limit of the tenant for the command',
  decision: 'raise_risk',
} as const;

export function isRaised({ risk, amount, amountLimit }: PolicyFacts): boolean {
  return risk === 'R1' && amount !== null && amountLimit !== null && amount > amountLimit;
}

/** The class that counts. One that is unknown counts as the highest. */
export function effectiveRisk(facts: PolicyFacts): RiskClass {
  if (isRaised(facts)) return 'R2';
  return riskClasses.find((risk) => risk === facts.risk) ?? 'R3';
}

/** In order; the first that applies decides. Denials come first, so that no later rule can win against one. */
export const commandRules: readonly CommandRule[] = [
  {
    name: 'risk_class_unknown',
    says: 'a command whose risk class is not one of R0 to R3 is denied',
    decision: 'deny',
    applies: ({ risk }) => riskRank(risk) < 0,
  },
  {
    name: 'environment_archived',
    says: 'nothing runs in an archived environment',
    decision: 'deny',
    applies: ({ environmentStatus }) => environmentStatus !== 'ACTIVE',
  },
  {
    name: 'facts_malformed',
    says: 'a question with a fact that is missing, unknown, negative or not a whole number is denied',
    decision: 'deny',
    applies: (facts) => !areFacts(facts),
  },
  {
    name: 'actor_type_not_accepted',
    says: 'a command that names the actor types it accepts is denied to all others',
    decision: 'deny',
    applies: ({ actorType, commandAccepts }) =>
      commandAccepts !== null && !(commandAccepts as readonly string[]).includes(actorType),
  },
  {
    name: 'scope_missing',
    says: 'an actor without the scope of the command is denied',
    decision: 'deny',
    applies: ({ scopeGranted }) => !scopeGranted,
  },
  {
    name: 'risk_above_ceiling',
    says: 'a credential never proposes above its risk ceiling',
    decision: 'deny',
    applies: ({ riskCeiling }, risk) => riskRank(risk) > riskRank(riskCeiling),
  },
  {
    name: 'human_only',
    says: 'R3 is for humans: services, connectors, agents and the system neither propose, run nor approve it',
    decision: 'deny',
    applies: ({ actorType }, risk) => risk === 'R3' && actorType !== 'USER',
  },
  {
    name: 'login_not_fresh',
    says: 'who proposes R3 has logged in within the time that the tenant allows; a credential without a login proposes none',
    decision: 'deny',
    applies: ({ approvers, loginAgeSeconds, loginMaxAgeSeconds }, risk) =>
      risk === 'R3' && approvers === null && (loginAgeSeconds === null || loginAgeSeconds > loginMaxAgeSeconds),
  },
  {
    name: 'approved_by_quorum',
    says: 'R2 and R3 run once as many humans have approved as the request and the tenant ask for',
    decision: 'allow',
    applies: ({ approvers, quorum }, risk) =>
      riskRank(risk) >= riskRank('R2') && approvers !== null && quorum !== null && approvers >= quorum,
  },
  {
    name: 'second_human_approves',
    says: 'R3 waits for a second human',
    decision: 'needs_approval',
    applies: (_facts, risk) => risk === 'R3',
  },
  {
    name: 'named_human_approves',
    says: 'R2 waits for a named human, whoever proposes it',
    decision: 'needs_approval',
    applies: (_facts, risk) => risk === 'R2',
  },
  {
    name: 'scope_granted',
    says: 'R0 and R1 run for whoever has the scope',
    decision: 'allow',
    applies: ({ scopeGranted }, risk) => scopeGranted && riskRank(risk) <= riskRank('R1'),
  },
];

export const otherwise = {
  name: 'deny_by_default',
  says: 'what no rule allows is denied',
  decision: 'deny',
  applies: () => true,
} as const satisfies CommandRule;

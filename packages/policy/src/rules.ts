import { createHash } from 'node:crypto';
import { type Decision, type PolicyDecision, type PolicyQuestion, riskClasses, riskRank } from './model.ts';

interface Rule {
  readonly name: string;
  /** Plain words, part of the hash: a rule that changes its meaning changes its words. */
  readonly says: string;
  readonly decision: Decision;
  readonly applies: (question: PolicyQuestion) => boolean;
}

/** In order; the first that applies decides. Denials come first, so that no later rule can win against one. */
const rules: readonly Rule[] = [
  {
    name: 'risk_class_unknown',
    says: 'a command whose risk class is not one of R0 to R3 is denied',
    decision: 'deny',
    applies: ({ command }) => !riskClasses.includes(command.risk),
  },
  {
    name: 'environment_archived',
    says: 'nothing runs in an archived environment',
    decision: 'deny',
    applies: ({ environment }) => environment.status !== 'ACTIVE',
  },
  {
    name: 'actor_type_not_accepted',
    says: 'a command that names the actor types it accepts is denied to all others',
    decision: 'deny',
    applies: ({ actor, command }) => command.actorTypes !== undefined && !command.actorTypes.includes(actor.type),
  },
  {
    name: 'scope_missing',
    says: 'an actor without the scope of the command is denied',
    decision: 'deny',
    applies: ({ actor, command }) => !actor.scopes.has(command.scope),
  },
  {
    name: 'risk_above_ceiling',
    says: 'a credential never proposes above its risk ceiling',
    decision: 'deny',
    applies: ({ actor, command }) => riskRank(command.risk) > riskRank(actor.riskCeiling),
  },
  {
    name: 'human_only',
    says: 'R3 is for humans: services, connectors, agents and the system neither propose, run nor approve it',
    decision: 'deny',
    applies: ({ actor, command }) => command.risk === 'R3' && actor.type !== 'USER',
  },
  {
    name: 'second_human_approves',
    says: 'R3 waits for a second human',
    decision: 'needs_approval',
    applies: ({ command }) => command.risk === 'R3',
  },
  {
    name: 'named_human_approves',
    says: 'R2 waits for a named human, whoever proposes it',
    decision: 'needs_approval',
    applies: ({ command }) => command.risk === 'R2',
  },
  {
    name: 'scope_granted',
    says: 'R0 and R1 run for whoever has the scope',
    decision: 'allow',
    applies: ({ actor, command }) => actor.scopes.has(command.scope) && riskRank(command.risk) <= riskRank('R1'),
  },
];

const otherwise = { name: 'deny_by_default', says: 'what no rule allows is denied', decision: 'deny' } as const;

export const ruleSetVersion = '1';

/** What the rules say, in order: the text whose hash stands on every receipt. */
export const ruleSetDescription: readonly { name: string; says: string; decision: Decision }[] = [
  ...rules.map(({ name, says, decision }) => ({ name, says, decision })),
  otherwise,
];

export const ruleSetHash: string = createHash('sha256')
  .update(JSON.stringify([ruleSetVersion, ...ruleSetDescription.map((rule) => [rule.name, rule.says, rule.decision])]))
  .digest('hex');

/** Decides whether a command may run. Pure and total: the same question has the same answer, and every question has one. */
export function evaluatePolicy(question: PolicyQuestion): PolicyDecision {
  const rule = rules.find((candidate) => candidate.applies(question)) ?? otherwise;
  return { decision: rule.decision, rule: rule.name, ruleSetVersion, ruleSetHash };
}

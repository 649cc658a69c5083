import { type RiskClass, riskClasses, riskRank } from './model.ts';

/** The highest class that any agent proposes: R3 is for humans. */
const agentCeiling = 'R2' satisfies RiskClass;

/** What an agent may do: its own scopes as far as its owner has them too. Without an owner that has any, nothing. */
export function agentScopes(options: {
  readonly own: ReadonlySet<string>;
  /** null: the owner is gone, or there is none. */
  readonly owner: ReadonlySet<string> | null;
}): Set<string> {
  const { own, owner } = options;
  return new Set(owner === null ? [] : [...own].filter((scope) => owner.has(scope)));
}

/** The ceiling of an agent: its own or its owner's, whichever is lower, and never above R2. A class that is none is R0. */
export function agentRiskCeiling(options: {
  readonly own: RiskClass;
  /** null: the owner is gone, or there is none. */
  readonly owner: RiskClass | null;
}): RiskClass {
  const rank = Math.min(riskRank(options.own), options.owner === null ? 0 : riskRank(options.owner));
  return riskClasses[Math.min(Math.max(rank, 0), riskRank(agentCeiling))] ?? 'R0';
}

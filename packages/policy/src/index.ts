export { agentRiskCeiling, agentScopes } from './agent-authority.ts';
export { decideOnFacts, evaluatePolicy } from './evaluate-policy.ts';
export { evaluateVote, type VoteDecision } from './evaluate-vote.ts';
export {
  type DecisionExplanation,
  type DecisionStep,
  explainDecision,
  type RecordedDecision,
} from './explain-decision.ts';
export {
  type ActorType,
  actorTypes,
  type Decision,
  type EnvironmentKind,
  environmentKinds,
  type EnvironmentStatus,
  environmentStatuses,
  type PolicyActor,
  type PolicyCommand,
  type PolicyDecision,
  type PolicyEnvironment,
  type PolicyFacts,
  type PolicyQuestion,
  type RiskClass,
  riskClasses,
  riskRank,
  type Scope,
  scopePattern,
  type TenantPolicy,
} from './model.ts';
export { factsOf } from './policy-facts.ts';
export {
  effectiveScopes,
  type GrantedRole,
  type GrantsHere,
  isRoleName,
  liveRoles,
  type RoleName,
  roles,
} from './roles.ts';
export { type DescribedRule, ruleSetDescription, ruleSetHash, ruleSetVersion } from './rule-set.ts';
export {
  defaultTenantPolicy,
  parseTenantPolicy,
  quorumOf,
  tenantPolicyHash,
  tenantPolicyLimits,
  tenantPolicyText,
} from './tenant-policy.ts';
export { type VoteQuestion, voteScope } from './vote-rules.ts';

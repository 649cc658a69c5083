export {
  type ActorType,
  actorTypes,
  type Decision,
  type PolicyActor,
  type PolicyCommand,
  type PolicyDecision,
  type PolicyEnvironment,
  type PolicyQuestion,
  type RiskClass,
  riskClasses,
  riskRank,
  type Scope,
  scopePattern,
} from './model.ts';
export { effectiveScopes, type GrantedRole, isRoleName, type RoleName, roles } from './roles.ts';
export { evaluatePolicy, ruleSetDescription, ruleSetHash, ruleSetVersion } from './rules.ts';

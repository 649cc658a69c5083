import {
  type ActorType,
  actorTypes,
  environmentKinds,
  environmentStatuses,
  type PolicyFacts,
  type PolicyQuestion,
  riskClasses,
  scopePattern,
  unknownWord,
} from './model.ts';
import { isSortedRoles, sortedRoles } from './roles.ts';
import {
  defaultTenantPolicy,
  parseTenantPolicy,
  settingOf,
  tenantPolicyHash,
  tenantPolicyLimits,
} from './tenant-policy.ts';

const factRolesMax = 16;
const scopeLengthMax = 200;
const roleLengthMax = 64;
const hashPattern = /^[0-9a-f]{64}$/;
/** What stands for a number that was none. Whole and small, so that it is JSON; negative, so that it denies. */
const notACount = -1;

/** The facts of a question that could not be read at all. */
export const unknownFacts: PolicyFacts = {
  actorType: unknownWord,
  amount: notACount,
  amountLimit: null,
  approvers: null,
  commandAccepts: null,
  environmentKind: unknownWord,
  environmentStatus: unknownWord,
  loginAgeSeconds: null,
  loginMaxAgeSeconds: notACount,
  quorum: null,
  risk: unknownWord,
  riskCeiling: unknownWord,
  roles: sortedRoles([]),
  scope: unknownWord,
  scopeGranted: false,
  tenantPolicyHash: unknownWord,
};

const factNames: readonly string[] = Object.keys(unknownFacts);

export interface RecordedFacts {
  readonly facts: PolicyFacts;
  /** Whether every fact is there, and nothing else. */
  readonly complete: boolean;
}

/** Facts as a receipt holds them, each read once. What is there is kept as it is: the rules deny what they cannot read. */
export function recordedFacts(value: unknown): RecordedFacts {
  if (typeof value !== 'object' || value === null) return { facts: unknownFacts, complete: false };
  const copy: Record<string, unknown> = { ...value };
  const complete =
    factNames.length === Object.keys(copy).length && factNames.every((name) => Object.hasOwn(copy, name));
  // Not yet facts: `areFacts` says whether they are, and a rule denies what is none.
  return { facts: copy as unknown as PolicyFacts, complete };
}

/** What the rules look at, and nothing else of the question. Total: what cannot be read becomes a fact that denies. */
export function factsOf(question: PolicyQuestion): PolicyFacts {
  try {
    return readFacts(question);
  } catch {
    return unknownFacts;
  }
}

function readFacts({ actor, command, environment, tenantPolicy, amount, approval }: PolicyQuestion): PolicyFacts {
  const policy = tenantPolicy === undefined ? defaultTenantPolicy : parseTenantPolicy(tenantPolicy);
  const { scope } = command;
  return {
    actorType: wordOf(actorTypes, actor.type),
    amount: ceilingOf(amount),
    amountLimit: policy && settingOf(policy.raiseAbove, command.type),
    approvers: approval ? countOf(approval.approvers) : null,
    commandAccepts: acceptedBy(command.actorTypes),
    environmentKind: wordOf(environmentKinds, environment.kind),
    environmentStatus: wordOf(environmentStatuses, environment.status),
    loginAgeSeconds: ceilingOf(actor.loginAgeSeconds),
    loginMaxAgeSeconds: policy ? policy.loginMaxAgeSeconds : notACount,
    quorum: approval ? strictest(approval.quorum, policy && settingOf(policy.quorum, command.type)) : null,
    risk: wordOf(riskClasses, command.risk),
    riskCeiling: wordOf(riskClasses, actor.riskCeiling),
    roles: recordedRoles(actor.roles),
    scope: isScope(scope) ? scope : unknownWord,
    scopeGranted: actor.scopes.has(scope) === true,
    tenantPolicyHash: policy ? tenantPolicyHash(policy) : unknownWord,
  };
}

/**
 * Whether every fact is of its kind and within its bounds. Of words that a rule of their own compares (class, ceiling,
 * status) only that they are words: one that is unknown fails there.
 */
export function areFacts(facts: PolicyFacts): boolean {
  return (
    isOneOf(actorTypes, facts.actorType) &&
    isCountOrNull(facts.amount) &&
    isCountOrNull(facts.amountLimit) &&
    isCountOrNull(facts.approvers) &&
    (facts.commandAccepts === null || areAccepted(facts.commandAccepts)) &&
    isOneOf(environmentKinds, facts.environmentKind) &&
    typeof facts.environmentStatus === 'string' &&
    isCountOrNull(facts.loginAgeSeconds) &&
    isCount(facts.loginMaxAgeSeconds) &&
    // A quorum of none would be reached by nobody's vote.
    (facts.approvers === null ? facts.quorum === null : isCount(facts.quorum) && facts.quorum >= 1) &&
    typeof facts.risk === 'string' &&
    typeof facts.riskCeiling === 'string' &&
    areRoles(facts.roles) &&
    isScope(facts.scope) &&
    typeof facts.scopeGranted === 'boolean' &&
    typeof facts.tenantPolicyHash === 'string' &&
    hashPattern.test(facts.tenantPolicyHash)
  );
}

function isOneOf(words: readonly string[], value: unknown): boolean {
  return typeof value === 'string' && words.includes(value);
}

function wordOf<Word extends string>(words: readonly Word[], value: Word): Word | typeof unknownWord {
  return words.includes(value) ? value : unknownWord;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isCountOrNull(value: unknown): boolean {
  return value === null || isCount(value);
}

function countOf(value: number): number {
  // Adding zero makes 0 of -0.
  return isCount(value) ? value + 0 : notACount;
}

/** Fractions count up, so that what is just above a limit is above it. */
function ceilingOf(value: number | null | undefined): number | null {
  if (value === null || value === undefined) return null;
  return typeof value === 'number' && value >= 0 ? countOf(Math.ceil(value)) : notACount;
}

/** A tenant that asks for more votes than when the request was made gets more votes. */
function strictest(asked: number, tenantAsks: number | null): number {
  const isQuorum = isCount(asked) && asked >= 1 && asked <= tenantPolicyLimits.quorumMax;
  return isQuorum ? Math.max(asked, tenantAsks ?? 1) : notACount;
}

function isScope(value: unknown): value is string {
  return typeof value === 'string' && value.length <= scopeLengthMax && scopePattern.test(value);
}

function acceptedBy(accepted: readonly ActorType[] | undefined): readonly ActorType[] | null {
  if (accepted === undefined) return null;
  return Array.isArray(accepted) ? actorTypes.filter((type) => accepted.includes(type)) : [];
}

function areAccepted(value: unknown): boolean {
  if (!Array.isArray(value) || value.length > actorTypes.length) return false;
  return value.every((type) => isOneOf(actorTypes, type));
}

function areRoles(names: readonly string[]): boolean {
  if (isSortedRoles(names)) return true;
  if (!Array.isArray(names) || names.length > factRolesMax) return false;
  return names.every((role) => typeof role === 'string' && role.length <= roleLengthMax && role !== unknownWord);
}

function recordedRoles(names: readonly string[] | undefined): readonly string[] {
  if (names === undefined) return unknownFacts.roles;
  return Array.isArray(names) ? sortedRoles(names) : [unknownWord];
}

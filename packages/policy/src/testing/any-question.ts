import * as fc from 'fast-check';
import {
  type ActorType,
  actorTypes,
  type Decision,
  environmentKinds,
  environmentStatuses,
  evaluatePolicy,
  parseTenantPolicy,
  type PolicyQuestion,
  riskClasses,
  type RoleName,
  roles,
  type TenantPolicy,
} from '../index.ts';

export const commandType = 'inventory.adjust';
export const scope = 'inventory.level:adjust';

export const anyScope = fc.constantFrom(scope, 'inventory.reservation:create', 'governance.approval:decide');
export const anyScopes: fc.Arbitrary<ReadonlySet<string>> = fc
  .array(anyScope, { maxLength: 4 })
  .map((scopes) => new Set(scopes));
export const anyRoles: fc.Arbitrary<readonly RoleName[]> = fc.subarray(Object.keys(roles) as RoleName[]);
export const anyActorType: fc.Arbitrary<ActorType> = fc.constantFrom(...actorTypes);
export const anyLoginAge = fc.constantFrom(null, 0, 59, 60, 61, 900, 901, 50_000);

function parsed(value: unknown): TenantPolicy {
  const policy = parseTenantPolicy(value);
  if (policy === null) throw new Error('the test built a policy that does not parse');
  return policy;
}

const anyCommandType = fc.constantFrom(commandType, 'reservation.cancel', 'oversell_policy.set');

/** Only policies that a tenant may have. */
export const anyTenantPolicy: fc.Arbitrary<TenantPolicy> = fc
  .record({
    approvalTtlSeconds: fc.integer({ min: 60, max: 7 * 86_400 }),
    loginMaxAgeSeconds: fc.constantFrom(60, 900, 43_200),
    quorum: fc.dictionary(anyCommandType, fc.integer({ min: 1, max: 5 })),
    approverRoles: fc.dictionary(anyCommandType, fc.subarray(['operator', 'approver', 'viewer'], { minLength: 1 })),
    raiseAbove: fc.dictionary(anyCommandType, fc.constantFrom(0, 10, 500)),
  })
  .map(parsed);

/** Every well-formed question, dense where rules change their minds. */
export const anyQuestion: fc.Arbitrary<PolicyQuestion> = fc.record(
  {
    actor: fc.record(
      {
        type: anyActorType,
        scopes: anyScopes,
        riskCeiling: fc.constantFrom(...riskClasses),
        roles: anyRoles,
        loginAgeSeconds: anyLoginAge,
      },
      { requiredKeys: ['type', 'scopes', 'riskCeiling'] },
    ),
    command: fc.record(
      {
        type: anyCommandType,
        scope: anyScope,
        risk: fc.constantFrom(...riskClasses),
        actorTypes: fc.subarray([...actorTypes]),
      },
      { requiredKeys: ['type', 'scope', 'risk'] },
    ),
    environment: fc.record({
      kind: fc.constantFrom(...environmentKinds),
      status: fc.constantFrom(...environmentStatuses),
    }),
    tenantPolicy: anyTenantPolicy,
    amount: fc.constantFrom(null, 0, 10, 11, 500, 501),
    approval: fc.option(
      fc.record({ approvers: fc.integer({ min: 0, max: 6 }), quorum: fc.integer({ min: 1, max: 5 }) }),
    ),
  },
  { requiredKeys: ['actor', 'command', 'environment'] },
);

const rank: Record<Decision, number> = { deny: 0, needs_approval: 1, allow: 2 };

/** How much a question is allowed: nothing, waiting, everything. */
export function rankOf(question: PolicyQuestion): number {
  return rank[evaluatePolicy(question).decision];
}

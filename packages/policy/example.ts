import {
  effectiveScopes,
  evaluatePolicy,
  evaluateVote,
  explainDecision,
  liveRoles,
  parseTenantPolicy,
  type PolicyQuestion,
} from '@karmanflow/policy';

// What this tenant settled for itself: adjusting more than 500 units waits for a human.
const tenantPolicy = parseTenantPolicy('{"raiseAbove":{"inventory.adjust":500}}');
if (tenantPolicy === null) throw new Error('the settings of the tenant do not parse');

// What the actor may do here and now: its roles, within what its key carries.
const here = {
  grants: [
    {
      role: 'operator',
      environmentId: null,
      validFrom: '2026-01-01T00:00:00.000Z',
      validUntil: '2027-01-01T00:00:00.000Z',
      revokedAt: null,
    },
  ],
  environmentId: 'env_019b76da-a800-7000-8000-000000000003',
  now: '2026-03-01T09:30:00.000Z',
};
const credentialScopes = ['inventory.reservation:create', 'inventory.reservation:cancel', 'inventory.level:adjust'];
const scopes = effectiveScopes({ ...here, credentialScopes });

const caller = {
  actor: { type: 'AGENT', scopes, riskCeiling: 'R2', roles: liveRoles(here) },
  environment: { kind: 'PRODUCTION', status: 'ACTIVE' },
  tenantPolicy,
} as const satisfies Omit<PolicyQuestion, 'command'>;

// An ordinary write runs for whoever has the scope.
const create = { type: 'reservation.create', scope: 'inventory.reservation:create', risk: 'R1' } as const;
export const created = evaluatePolicy({ ...caller, command: create });

// A risky one waits for a named human, whoever proposes it, and so does an ordinary one above the limit of the tenant.
const cancel = { type: 'reservation.cancel', scope: 'inventory.reservation:cancel', risk: 'R2' } as const;
export const cancelled = evaluatePolicy({ ...caller, command: cancel });
const adjust = { type: 'inventory.adjust', scope: 'inventory.level:adjust', risk: 'R1' } as const;
export const adjusted = evaluatePolicy({ ...caller, command: adjust, amount: 501 });

// A human who owns the agent does not decide on what it asked for; another one does.
const request = {
  commandType: cancel.type,
  risk: cancelled.risk,
  requestedBy: 'prn_agent',
  onBehalfOf: null,
  owners: ['prn_sam'],
};
const voter = {
  type: 'USER',
  scopes: new Set(['governance.approval:decide']),
  roles: ['approver'],
  loginAgeSeconds: 30,
} as const;
export const ownVote = evaluateVote({ voter: { ...voter, id: 'prn_sam' }, request, votedAlready: [], tenantPolicy });
export const vote = evaluateVote({ voter: { ...voter, id: 'prn_ada' }, request, votedAlready: [], tenantPolicy });

// With that vote the paused command is decided about again, on what is true by then.
export const executed = evaluatePolicy({ ...caller, command: cancel, approval: { approvers: 1, quorum: 1 } });

// Whoever holds the receipt can repeat the decision from the facts on it.
export const explained = explainDecision(executed);

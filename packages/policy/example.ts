import { effectiveScopes, evaluatePolicy } from '@karmanflow/policy';

// What the actor may do here and now: its roles, within what its key carries.
const scopes = effectiveScopes({
  grants: [
    {
      role: 'operator',
      environmentId: null,
      validFrom: '2026-01-01T00:00:00.000Z',
      validUntil: '2027-01-01T00:00:00.000Z',
      revokedAt: null,
    },
  ],
  credentialScopes: ['inventory.reservation:create', 'inventory.reservation:cancel'],
  environmentId: 'env_019b76da-a800-7000-8000-000000000003',
  now: '2026-03-01T09:30:00.000Z',
});

const actor = { type: 'AGENT', scopes, riskCeiling: 'R2' } as const;
const environment = { kind: 'PRODUCTION', status: 'ACTIVE' } as const;

// An ordinary write runs for whoever has the scope.
export const created = evaluatePolicy({
  actor,
  command: { type: 'reservation.create', scope: 'inventory.reservation:create', risk: 'R1' },
  environment,
});

// A risky one waits for a named human, whoever proposes it.
export const cancelled = evaluatePolicy({
  actor,
  command: { type: 'reservation.cancel', scope: 'inventory.reservation:cancel', risk: 'R2' },
  environment,
});

// The role allows adjusting stock, but this key does not carry the scope.
export const adjusted = evaluatePolicy({
  actor,
  command: { type: 'inventory.adjust', scope: 'inventory.level:adjust', risk: 'R1' },
  environment,
});

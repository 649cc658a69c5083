import type { Id } from '@karmanflow/schema';
import { defineEntity, type PastEvent } from '../../../definition/entity.ts';
import type { RoleGranted } from '../events.ts';
import { existing } from './existing.ts';

export interface RoleGrantState {
  readonly id: Id<'roleGrant'>;
  readonly principalId: Id<'principal'>;
  readonly targetEnvironmentId: Id<'environment'> | null;
  readonly role: string;
  readonly validFrom: string;
  readonly validUntil: string | null;
  readonly revokedAt: string | null;
}

export const roleGrant = defineEntity<RoleGrantState>({
  name: 'role_grant',
  table: 'role_grants',
  locked: true,
  key: ['id'],
  fields: {
    id: { column: 'id', id: 'roleGrant' },
    principalId: { column: 'principal_id', id: 'principal' },
    targetEnvironmentId: { column: 'target_environment_id', id: 'environment' },
    role: { column: 'role' },
    validFrom: { column: 'valid_from' },
    validUntil: { column: 'valid_until' },
    revokedAt: { column: 'revoked_at' },
  },
  evolve: {
    'access.role.granted': (_state, { data }: PastEvent<RoleGranted>) => ({
      id: data.roleGrantId,
      principalId: data.principalId,
      targetEnvironmentId: data.environmentId,
      role: data.role,
      validFrom: data.validFrom,
      validUntil: data.validUntil,
      revokedAt: null,
    }),
    'access.role.revoked': (state, event: PastEvent<unknown>) => ({
      ...existing(state, event),
      revokedAt: event.occurredAt,
    }),
  },
});

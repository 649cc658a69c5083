import type { ActorType } from '@karmanflow/policy';
import type { Id } from '@karmanflow/schema';
import { defineEntity, type PastEvent } from '../../../definition/entity.ts';
import type { PrincipalRegistered } from '../events.ts';
import { existing } from './existing.ts';

export interface PrincipalState {
  readonly id: Id<'principal'>;
  readonly type: ActorType;
  readonly handle: string;
  readonly ownerId: Id<'principal'> | null;
  readonly personalDataId: Id<'personalData'> | null;
  readonly status: 'ACTIVE' | 'DISABLED';
}

export const principal = defineEntity<PrincipalState>({
  name: 'principal',
  table: 'principals',
  locked: true,
  key: ['id'],
  fields: {
    id: { column: 'id', id: 'principal' },
    type: { column: 'type' },
    handle: { column: 'handle' },
    ownerId: { column: 'owner_id', id: 'principal' },
    personalDataId: { column: 'personal_data_id', id: 'personalData' },
    status: { column: 'status' },
  },
  evolve: {
    'access.principal.registered': (_state, { data }: PastEvent<PrincipalRegistered>) => ({
      id: data.principalId,
      type: data.type,
      handle: data.handle,
      ownerId: data.ownerId,
      personalDataId: data.personalDataId,
      status: 'ACTIVE' as const,
    }),
    'access.principal.disabled': (state, event: PastEvent<unknown>) => ({
      ...existing(state, event),
      status: 'DISABLED' as const,
    }),
    // The reference goes with the value, so that a second erasure finds nothing; the events still have it.
    'access.personal_data.erased': (state, event: PastEvent<unknown>) => ({
      ...existing(state, event),
      personalDataId: null,
    }),
  },
});

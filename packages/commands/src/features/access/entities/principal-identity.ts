import type { Id } from '@karmanflow/schema';
import { defineEntity, type PastEvent } from '../../../definition/entity.ts';
import type { IdentityLinked } from '../session-events.ts';
import { existing } from './existing.ts';

/** Whom an identity provider's subject stands for in this tenant. The hash says nothing about either. */
export interface PrincipalIdentityState {
  readonly identityHash: string;
  readonly principalId: Id<'principal'>;
  readonly status: 'LINKED' | 'UNLINKED';
}

export const principalIdentity = defineEntity<PrincipalIdentityState>({
  name: 'principal_identity',
  table: 'principal_identities',
  locked: true,
  key: ['identityHash'],
  fields: {
    identityHash: { column: 'identity_hash' },
    principalId: { column: 'principal_id', id: 'principal' },
    status: { column: 'status' },
  },
  evolve: {
    // An identity that was unlinked may be linked again, also to somebody else.
    'access.identity.linked': (_state, { data }: PastEvent<IdentityLinked>) => ({
      identityHash: data.identityHash,
      principalId: data.principalId,
      status: 'LINKED' as const,
    }),
    'access.identity.unlinked': (state, event: PastEvent<unknown>) => ({
      ...existing(state, event),
      status: 'UNLINKED' as const,
    }),
  },
});

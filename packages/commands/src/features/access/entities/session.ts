import type { Id } from '@karmanflow/schema';
import { defineEntity, type PastEvent } from '../../../definition/entity.ts';
import type { SessionOpened } from '../session-events.ts';
import { existing } from './existing.ts';

export interface SessionState {
  readonly id: Id<'session'>;
  readonly principalId: Id<'principal'>;
  readonly targetEnvironmentId: Id<'environment'>;
  readonly secretHash: Uint8Array;
  readonly authenticatedAt: string;
  readonly expiresAt: string;
  readonly revokedAt: string | null;
}

export const session = defineEntity<SessionState>({
  name: 'session',
  table: 'sessions',
  locked: true,
  key: ['id'],
  fields: {
    id: { column: 'id', id: 'session' },
    principalId: { column: 'principal_id', id: 'principal' },
    targetEnvironmentId: { column: 'target_environment_id', id: 'environment' },
    secretHash: { column: 'secret_hash' },
    authenticatedAt: { column: 'authenticated_at' },
    expiresAt: { column: 'expires_at' },
    revokedAt: { column: 'revoked_at' },
  },
  evolve: {
    'access.session.opened': (_state, { data }: PastEvent<SessionOpened>) => ({
      id: data.sessionId,
      principalId: data.principalId,
      targetEnvironmentId: data.environmentId,
      secretHash: Buffer.from(data.secretHash, 'base64'),
      authenticatedAt: data.authenticatedAt,
      expiresAt: data.expiresAt,
      revokedAt: null,
    }),
    'access.session.closed': (state, event: PastEvent<unknown>) => ({
      ...existing(state, event),
      revokedAt: event.occurredAt,
    }),
    'access.session.revoked': (state, event: PastEvent<unknown>) => ({
      ...existing(state, event),
      revokedAt: event.occurredAt,
    }),
  },
});

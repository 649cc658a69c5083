import type { RiskClass } from '@karmanflow/policy';
import type { Id } from '@karmanflow/schema';
import { defineEntity, type PastEvent } from '../../../definition/entity.ts';
import type { ApiKeyIssued, ApiKeyRotated } from '../events.ts';
import { existing } from './existing.ts';

export interface ApiKeyState {
  readonly id: Id<'apiKey'>;
  readonly principalId: Id<'principal'>;
  readonly targetEnvironmentId: Id<'environment'>;
  readonly name: string;
  readonly secretHash: Uint8Array;
  readonly scopes: readonly string[];
  readonly riskCeiling: RiskClass;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
}

export const apiKey = defineEntity<ApiKeyState>({
  name: 'api_key',
  table: 'api_keys',
  locked: true,
  key: ['id'],
  fields: {
    id: { column: 'id', id: 'apiKey' },
    principalId: { column: 'principal_id', id: 'principal' },
    targetEnvironmentId: { column: 'target_environment_id', id: 'environment' },
    name: { column: 'name' },
    secretHash: { column: 'secret_hash' },
    scopes: { column: 'scopes' },
    riskCeiling: { column: 'risk_ceiling' },
    expiresAt: { column: 'expires_at' },
    revokedAt: { column: 'revoked_at' },
  },
  evolve: {
    'access.api_key.issued': (_state, { data }: PastEvent<ApiKeyIssued>) => ({
      id: data.apiKeyId,
      principalId: data.principalId,
      targetEnvironmentId: data.environmentId,
      name: data.name,
      secretHash: Buffer.from(data.secretHash, 'base64'),
      scopes: data.scopes,
      riskCeiling: data.riskCeiling,
      expiresAt: data.expiresAt,
      revokedAt: null,
    }),
    'access.api_key.revoked': (state, event: PastEvent<unknown>) => ({
      ...existing(state, event),
      revokedAt: event.occurredAt,
    }),
    'access.api_key.rotated': (state, event: PastEvent<ApiKeyRotated>) => {
      const key = existing(state, event);
      const { expiresAt } = event.data;
      return expiresAt === null ? { ...key, revokedAt: event.occurredAt } : { ...key, expiresAt };
    },
  },
});

import type { ActorType, RiskClass } from '@karmanflow/policy';
import type { Id } from '@karmanflow/schema';
import { defineEntity, type PastEvent } from '../../definition/entity.ts';
import type {
  ApiKeyIssued,
  EnvironmentCreated,
  IngestSourceRegistered,
  PrincipalRegistered,
  RoleGranted,
  TenantCreated,
} from './events.ts';

export const tenant = defineEntity<{ id: Id<'tenant'>; name: string; status: 'ACTIVE' | 'SUSPENDED' }>({
  name: 'tenant',
  table: 'tenants',
  locked: true,
  key: ['id'],
  fields: { id: { column: 'id', id: 'tenant' }, name: { column: 'name' }, status: { column: 'status' } },
  evolve: {
    'access.tenant.created': (_state, { data }: PastEvent<TenantCreated>) => ({
      id: data.tenantId,
      name: data.name,
      status: 'ACTIVE' as const,
    }),
  },
});

export interface EnvironmentState {
  readonly id: Id<'environment'>;
  readonly name: string;
  readonly kind: 'CONTROL' | 'SANDBOX' | 'PRODUCTION';
  readonly status: 'ACTIVE' | 'ARCHIVED';
}

export const environment = defineEntity<EnvironmentState>({
  name: 'environment',
  table: 'environments',
  locked: true,
  key: ['id'],
  fields: {
    id: { column: 'id', id: 'environment' },
    name: { column: 'name' },
    kind: { column: 'kind' },
    status: { column: 'status' },
  },
  evolve: {
    'access.environment.created': (_state, { data }: PastEvent<EnvironmentCreated>) => ({
      id: data.environmentId,
      name: data.name,
      kind: data.kind,
      status: 'ACTIVE' as const,
    }),
  },
});

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
  },
});

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
  },
});

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
    'access.api_key.revoked': (state, { occurredAt }: PastEvent<unknown>) => {
      if (!state) throw new Error('a key was revoked before it was issued');
      return { ...state, revokedAt: occurredAt };
    },
  },
});

export interface IngestSourceState {
  readonly id: Id<'ingestSource'>;
  readonly code: string;
  readonly principalId: Id<'principal'>;
  readonly targetEnvironmentId: Id<'environment'>;
  readonly preset: 'standard-webhooks';
  readonly secretRefs: readonly string[];
  readonly toleranceSeconds: number;
  readonly status: 'ACTIVE' | 'PAUSED';
}

export const ingestSource = defineEntity<IngestSourceState>({
  name: 'ingest_source',
  table: 'ingest_sources',
  locked: true,
  key: ['id'],
  fields: {
    id: { column: 'id', id: 'ingestSource' },
    code: { column: 'code' },
    principalId: { column: 'principal_id', id: 'principal' },
    targetEnvironmentId: { column: 'target_environment_id', id: 'environment' },
    preset: { column: 'preset' },
    secretRefs: { column: 'secret_refs' },
    toleranceSeconds: { column: 'tolerance_seconds' },
    status: { column: 'status' },
  },
  evolve: {
    'access.ingest_source.registered': (_state, { data }: PastEvent<IngestSourceRegistered>) => ({
      id: data.ingestSourceId,
      code: data.code,
      principalId: data.principalId,
      targetEnvironmentId: data.environmentId,
      preset: data.preset,
      secretRefs: data.secretRefs,
      toleranceSeconds: data.toleranceSeconds,
      status: 'ACTIVE' as const,
    }),
  },
});

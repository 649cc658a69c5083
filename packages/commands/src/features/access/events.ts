import { defineEvent } from '@karmanflow/events';
import { actorTypes, riskClasses } from '@karmanflow/policy';
import { codeShape, idShape, nameShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { secretHashShape } from './shapes.ts';

export const tenantCreated = defineEvent({
  type: 'access.tenant.created',
  version: 1,
  data: v.strictObject({ tenantId: idShape('tenant'), name: nameShape }),
  touches: (data) => [{ entity: 'tenant', key: { id: data.tenantId } }],
});
export type TenantCreated = v.InferOutput<typeof tenantCreated.data>;

/** `settings` is the whole policy from then on, as canonical JSON: what it was and what it became can be compared. */
export const tenantConfigured = defineEvent({
  type: 'access.tenant.configured',
  version: 1,
  data: v.strictObject({ tenantId: idShape('tenant'), settings: v.string() }),
  touches: (data) => [{ entity: 'tenant_policy', key: { id: data.tenantId } }],
});
export type TenantConfigured = v.InferOutput<typeof tenantConfigured.data>;

export const environmentCreated = defineEvent({
  type: 'access.environment.created',
  version: 1,
  data: v.strictObject({
    environmentId: idShape('environment'),
    name: codeShape,
    kind: v.picklist(['CONTROL', 'SANDBOX', 'PRODUCTION']),
  }),
  touches: (data) => [{ entity: 'environment', key: { id: data.environmentId } }],
});
export type EnvironmentCreated = v.InferOutput<typeof environmentCreated.data>;

export const environmentArchived = defineEvent({
  type: 'access.environment.archived',
  version: 1,
  data: v.strictObject({ environmentId: idShape('environment') }),
  touches: (data) => [{ entity: 'environment', key: { id: data.environmentId } }],
});

export const principalRegistered = defineEvent({
  type: 'access.principal.registered',
  version: 1,
  data: v.strictObject({
    principalId: idShape('principal'),
    type: v.picklist(actorTypes),
    handle: codeShape,
    ownerId: v.nullable(idShape('principal')),
    /** A reference: the name itself can be erased. */
    personalDataId: v.nullable(idShape('personalData')),
  }),
  touches: (data) => [{ entity: 'principal', key: { id: data.principalId } }],
});
export type PrincipalRegistered = v.InferOutput<typeof principalRegistered.data>;

export const principalDisabled = defineEvent({
  type: 'access.principal.disabled',
  version: 1,
  data: v.strictObject({ principalId: idShape('principal') }),
  touches: (data) => [{ entity: 'principal', key: { id: data.principalId } }],
});

/** References only: what was erased is nowhere any more. */
export const personalDataErased = defineEvent({
  type: 'access.personal_data.erased',
  version: 1,
  data: v.strictObject({ personalDataId: idShape('personalData'), principalId: idShape('principal') }),
  touches: (data) => [{ entity: 'principal', key: { id: data.principalId } }],
});

export const roleGranted = defineEvent({
  type: 'access.role.granted',
  version: 1,
  data: v.strictObject({
    roleGrantId: idShape('roleGrant'),
    principalId: idShape('principal'),
    environmentId: v.nullable(idShape('environment')),
    role: v.string(),
    validFrom: timestampShape,
    validUntil: v.nullable(timestampShape),
  }),
  touches: (data) => [{ entity: 'role_grant', key: { id: data.roleGrantId } }],
});
export type RoleGranted = v.InferOutput<typeof roleGranted.data>;

export const roleRevoked = defineEvent({
  type: 'access.role.revoked',
  version: 1,
  data: v.strictObject({ roleGrantId: idShape('roleGrant'), principalId: idShape('principal') }),
  touches: (data) => [{ entity: 'role_grant', key: { id: data.roleGrantId } }],
});

export const apiKeyIssued = defineEvent({
  type: 'access.api_key.issued',
  version: 1,
  data: v.strictObject({
    apiKeyId: idShape('apiKey'),
    principalId: idShape('principal'),
    environmentId: idShape('environment'),
    name: codeShape,
    /** SHA-256 of 256 random bits: nothing can be learnt from it. */
    secretHash: secretHashShape,
    scopes: v.array(v.string()),
    riskCeiling: v.picklist(riskClasses),
    expiresAt: v.nullable(timestampShape),
  }),
  touches: (data) => [{ entity: 'api_key', key: { id: data.apiKeyId } }],
});
export type ApiKeyIssued = v.InferOutput<typeof apiKeyIssued.data>;

export const apiKeyRevoked = defineEvent({
  type: 'access.api_key.revoked',
  version: 1,
  data: v.strictObject({ apiKeyId: idShape('apiKey') }),
  touches: (data) => [{ entity: 'api_key', key: { id: data.apiKeyId } }],
});

/** Concerns the key that was replaced. `expiresAt` is when it ends; null: with this event. */
export const apiKeyRotated = defineEvent({
  type: 'access.api_key.rotated',
  version: 1,
  data: v.strictObject({
    apiKeyId: idShape('apiKey'),
    replacedBy: idShape('apiKey'),
    expiresAt: v.nullable(timestampShape),
  }),
  touches: (data) => [{ entity: 'api_key', key: { id: data.apiKeyId } }],
});
export type ApiKeyRotated = v.InferOutput<typeof apiKeyRotated.data>;

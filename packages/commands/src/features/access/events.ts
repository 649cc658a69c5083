import { defineEvent } from '@karmanflow/events';
import { actorTypes, riskClasses } from '@karmanflow/policy';
import { codeShape, idShape, nameShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';

export const tenantCreated = defineEvent({
  type: 'access.tenant.created',
  version: 1,
  data: v.strictObject({ tenantId: idShape('tenant'), name: nameShape }),
  touches: (data) => [{ entity: 'tenant', key: { id: data.tenantId } }],
});
export type TenantCreated = v.InferOutput<typeof tenantCreated.data>;

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

export const apiKeyIssued = defineEvent({
  type: 'access.api_key.issued',
  version: 1,
  data: v.strictObject({
    apiKeyId: idShape('apiKey'),
    principalId: idShape('principal'),
    environmentId: idShape('environment'),
    name: codeShape,
    /** SHA-256 of 256 random bits: nothing can be learnt from it. */
    secretHash: v.pipe(v.string(), v.base64()),
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

export const ingestSourceRegistered = defineEvent({
  type: 'access.ingest_source.registered',
  version: 1,
  data: v.strictObject({
    ingestSourceId: idShape('ingestSource'),
    code: codeShape,
    principalId: idShape('principal'),
    environmentId: idShape('environment'),
    preset: v.picklist(['standard-webhooks']),
    secretRefs: v.array(v.string()),
    toleranceSeconds: v.number(),
  }),
  touches: (data) => [{ entity: 'ingest_source', key: { id: data.ingestSourceId } }],
});
export type IngestSourceRegistered = v.InferOutput<typeof ingestSourceRegistered.data>;

import { bytes, count, mutable, nullable, oneOf, text, textList, time, uuid } from './definition.ts';
import { define, hash32, operatorWrites } from './grants.ts';

const actorTypes = ['USER', 'SERVICE', 'SYSTEM', 'CONNECTOR', 'AGENT'] as const;
const riskClasses = ['R0', 'R1', 'R2', 'R3'] as const;

/** The tenant as a whole: rows that only exist in its control environment, and the personal values of its people. */
export const controlTables = {
  tenants: define({
    kind: 'entity',
    scope: 'control',
    key: ['id'],
    unique: [{ columns: [] }],
    checks: { is_itself: 'id = tenant_id' },
    grants: { ...operatorWrites, read: ['kf_command', 'kf_read', 'kf_ingest', 'kf_worker'] },
    columns: { id: uuid(), name: mutable(text()), status: mutable(oneOf(['ACTIVE', 'SUSPENDED'])) },
  }),
  environments: define({
    kind: 'entity',
    scope: 'control',
    key: ['id'],
    unique: [{ columns: ['name'] }, { columns: ['id'], acrossEnvironments: true }],
    references: [{ columns: [], table: 'tenants', target: [] }],
    grants: { ...operatorWrites, read: ['kf_command', 'kf_read', 'kf_ingest', 'kf_worker', 'kf_delivery'] },
    columns: {
      id: uuid(),
      name: text(),
      kind: oneOf(['CONTROL', 'SANDBOX', 'PRODUCTION']),
      status: mutable(oneOf(['ACTIVE', 'ARCHIVED'])),
    },
  }),
  personal_data: define({
    kind: 'entity',
    scope: 'environment',
    key: ['id'],
    references: [{ columns: [], table: 'environments' }],
    // The sweeper ends requests that nobody decided, and what they kept ceases with them. Ingest keeps here, encrypted, what
    // it could not process, and reads it when a person has released it.
    grants: {
      read: ['kf_command', 'kf_read', 'kf_ingest'],
      insert: ['kf_command', 'kf_ingest'],
      update: ['kf_command', 'kf_ingest'],
      erase: ['kf_worker'],
    },
    outsideEvents: true,
    columns: { id: uuid(), field: text(), value: mutable(nullable(text())), erased_at: mutable(nullable(time())) },
  }),
  principals: define({
    kind: 'entity',
    scope: 'control',
    key: ['id'],
    unique: [{ columns: ['handle'] }],
    references: [
      { columns: ['owner_id'], table: 'principals' },
      { columns: ['personal_data_id'], table: 'personal_data' },
      { columns: [], table: 'tenants', target: [] },
    ],
    grants: { ...operatorWrites, read: ['kf_command', 'kf_read', 'kf_ingest', 'kf_worker'] },
    columns: {
      id: uuid(),
      type: oneOf(actorTypes),
      handle: text(),
      owner_id: nullable(uuid()),
      // Goes when the value is erased.
      personal_data_id: mutable(nullable(uuid())),
      status: mutable(oneOf(['ACTIVE', 'DISABLED'])),
    },
  }),
  role_grants: define({
    kind: 'entity',
    scope: 'control',
    key: ['id'],
    references: [
      { columns: ['principal_id'], table: 'principals' },
      { columns: ['target_environment_id'], table: 'environments' },
    ],
    indexes: [{ columns: ['principal_id'] }],
    grants: { ...operatorWrites, read: ['kf_command', 'kf_read', 'kf_ingest'] },
    columns: {
      id: uuid(),
      principal_id: uuid(),
      target_environment_id: nullable(uuid()),
      role: text(),
      valid_from: time(),
      valid_until: mutable(nullable(time())),
      revoked_at: mutable(nullable(time())),
    },
  }),
  api_keys: define({
    kind: 'entity',
    scope: 'control',
    key: ['id'],
    references: [
      { columns: ['principal_id'], table: 'principals' },
      { columns: ['target_environment_id'], table: 'environments' },
    ],
    checks: { secret_hash_is_sha256: hash32('secret_hash') },
    grants: operatorWrites,
    columns: {
      id: uuid(),
      principal_id: uuid(),
      target_environment_id: uuid(),
      name: text(),
      secret_hash: bytes(),
      scopes: textList(),
      risk_ceiling: oneOf(riskClasses),
      expires_at: mutable(nullable(time())),
      revoked_at: mutable(nullable(time())),
    },
  }),
  ingest_sources: define({
    kind: 'entity',
    scope: 'control',
    key: ['id'],
    unique: [{ columns: ['code'] }],
    references: [
      { columns: ['principal_id'], table: 'principals' },
      { columns: ['target_environment_id'], table: 'environments' },
    ],
    grants: { ...operatorWrites, read: ['kf_command', 'kf_read', 'kf_ingest'] },
    columns: {
      id: uuid(),
      code: text(),
      principal_id: uuid(),
      target_environment_id: uuid(),
      preset: oneOf([
        'standard-webhooks',
        'karmanflow',
        'svix',
        'shopify',
        'stripe',
        'github',
        'square',
        'generic-hmac',
        'http-signatures',
      ]),
      secret_refs: mutable(textList()),
      tolerance_seconds: mutable(count()),
      status: mutable(oneOf(['ACTIVE', 'PAUSED'])),
      // Canonical JSON of what the preset has to be told: the registered address, the scheme of the sender; and its limits.
      settings: mutable(text()),
      // 0: what the preset maps by itself.
      mapping_revision: mutable(count()),
    },
  }),
  tenant_policies: define({
    kind: 'entity',
    scope: 'control',
    key: ['id'],
    references: [{ columns: [], table: 'tenants', target: [] }],
    checks: { is_itself: 'id = tenant_id' },
    grants: { ...operatorWrites, read: ['kf_command', 'kf_read', 'kf_ingest', 'kf_worker'] },
    // Canonical JSON of what the tenant set; its shape is policy's own.
    columns: { id: uuid(), settings: mutable(text()) },
  }),
  principal_identities: define({
    kind: 'entity',
    scope: 'control',
    key: ['identity_hash'],
    references: [{ columns: ['principal_id'], table: 'principals' }],
    // Whoever logs in has no tenant yet: one role finds the tenants of an identity, and sees nothing else anywhere.
    grants: { ...operatorWrites, lookup: 'kf_login' },
    columns: {
      identity_hash: text(),
      principal_id: mutable(uuid()),
      status: mutable(oneOf(['LINKED', 'UNLINKED'])),
    },
  }),
  sessions: define({
    kind: 'entity',
    scope: 'control',
    key: ['id'],
    references: [
      { columns: ['principal_id'], table: 'principals' },
      { columns: ['target_environment_id'], table: 'environments' },
    ],
    indexes: [{ columns: ['principal_id'], where: 'revoked_at IS NULL' }],
    checks: { secret_hash_is_sha256: hash32('secret_hash') },
    grants: operatorWrites,
    columns: {
      id: uuid(),
      principal_id: uuid(),
      target_environment_id: uuid(),
      secret_hash: bytes(),
      authenticated_at: time(),
      expires_at: time(),
      revoked_at: mutable(nullable(time())),
    },
  }),
  // Rows of a platform's own tenant only: the tenants that it has created. The other tenant's rows it never sees.
  platform_tenants: define({
    kind: 'entity',
    scope: 'control',
    key: ['id'],
    references: [{ columns: [], table: 'tenants', target: [] }],
    checks: { request_hash_is_sha256: hash32('request_hash') },
    grants: operatorWrites,
    columns: {
      id: uuid(),
      name: text(),
      request_hash: bytes(),
      status: mutable(oneOf(['REQUESTED', 'BOOTSTRAPPED'])),
      bootstrap_receipt_id: mutable(nullable(uuid())),
    },
  }),
} as const;

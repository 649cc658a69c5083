import { createHash } from 'node:crypto';
import { type Id, isUuid, toId, toUuid } from '@karmanflow/schema';

/**
 * An API key in the hands of a caller: `kf_<tenant>_<key>_<secret>`, ids as 32 hex digits, the secret as base64url of
 * 32 random bytes. It names its tenant, so that the database context stands before the first look-up.
 */
export interface ApiKeyCredential {
  readonly tenantId: Id<'tenant'>;
  readonly apiKeyId: Id<'apiKey'>;
  readonly secret: Uint8Array;
}

const pattern = /^kf_([0-9a-f]{32})_([0-9a-f]{32})_([A-Za-z0-9_-]{43})$/;
export const apiKeySecretBytes = 32;

const compact = (id: string): string => toUuid(id).replaceAll('-', '');

function expand(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export function formatApiKey(credential: ApiKeyCredential): string {
  const secret = Buffer.from(credential.secret).toString('base64url');
  return `kf_${compact(credential.tenantId)}_${compact(credential.apiKeyId)}_${secret}`;
}

/** null for anything that is not a key; never throws. */
export function parseApiKey(text: string): ApiKeyCredential | null {
  const [, tenant = '', key = '', secretText = ''] = pattern.exec(text) ?? [];
  const tenantUuid = expand(tenant);
  const keyUuid = expand(key);
  const secret = Buffer.from(secretText, 'base64url');
  if (!isUuid(tenantUuid) || !isUuid(keyUuid) || secret.length !== apiKeySecretBytes) return null;
  // The last character has two spare bits; only one of the four spellings is the key.
  if (secret.toString('base64url') !== secretText) return null;
  return { tenantId: toId('tenant', tenantUuid), apiKeyId: toId('apiKey', keyUuid), secret };
}

export function hashApiKeySecret(secret: Uint8Array): Uint8Array {
  return createHash('sha256').update(secret).digest();
}

/** The address part of an ingest source: like a key, it names its tenant. */
export function formatIngestAddress(source: { tenantId: Id<'tenant'>; ingestSourceId: Id<'ingestSource'> }): string {
  return `${compact(source.tenantId)}${compact(source.ingestSourceId)}`;
}

export function parseIngestAddress(
  text: string,
): { tenantId: Id<'tenant'>; ingestSourceId: Id<'ingestSource'> } | null {
  if (!/^[0-9a-f]{64}$/.test(text)) return null;
  return {
    tenantId: toId('tenant', expand(text.slice(0, 32))),
    ingestSourceId: toId('ingestSource', expand(text.slice(32))),
  };
}

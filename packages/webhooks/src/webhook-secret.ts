import { decodeCanonicalBase64 } from './canonical-base64.ts';
import { webhookLimits } from './webhook-limits.ts';

export const webhookSecretPrefix = 'whsec_';

/** Why a text is not a secret: a closed list in order of precedence. */
export const webhookSecretRefusalCodes = [
  'secret_prefix_missing',
  'secret_too_long',
  'secret_base64_malformed',
  'secret_too_short',
] as const;

export type WebhookSecretRefusalCode = (typeof webhookSecretRefusalCodes)[number];

/** What the longest secret takes as base64, so that a long text is refused before it is decoded. */
const encodedMaxCharacters = Math.ceil(webhookLimits.secretMaxBytes / 3) * 4;

/** `key` is the HMAC key, 24 to 64 bytes. `detail` never repeats the text that was refused. */
export type WebhookSecretParse =
  | { readonly ok: true; readonly key: Uint8Array }
  | { readonly ok: false; readonly code: WebhookSecretRefusalCode; readonly detail: string };

/**
 * Makes a secret of 32 bytes, serialised as Standard Webhooks says: `whsec_` and base64.
 * `randomBytes` must be a cryptographic source, such as `randomBytes` of `node:crypto`.
 * Throws when it returns another number of bytes.
 */
export function generateWebhookSecret(randomBytes: (size: number) => Uint8Array): string {
  const bytes = randomBytes(webhookLimits.generatedSecretBytes);
  if (!(bytes instanceof Uint8Array) || bytes.length !== webhookLimits.generatedSecretBytes) {
    throw new TypeError(`The source of randomness must return ${webhookLimits.generatedSecretBytes} bytes.`);
  }
  return webhookSecretPrefix + Buffer.from(bytes).toString('base64');
}

/**
 * Reads a secret: `whsec_` and the canonical base64 of 24 to 64 bytes (Standard Webhooks, "Signature scheme").
 * The prefix is required, so that one secret has one spelling.
 */
export function parseWebhookSecret(text: string): WebhookSecretParse {
  if (!text.startsWith(webhookSecretPrefix)) {
    return { ok: false, code: 'secret_prefix_missing', detail: `A secret starts with ${webhookSecretPrefix}.` };
  }
  const encoded = text.slice(webhookSecretPrefix.length);
  if (encoded.length > encodedMaxCharacters) return secretTooLong();
  const key = decodeCanonicalBase64(encoded);
  if (key === undefined) {
    const detail = `After ${webhookSecretPrefix} a secret is padded standard base64 in canonical form.`;
    return { ok: false, code: 'secret_base64_malformed', detail };
  }
  if (key.length > webhookLimits.secretMaxBytes) return secretTooLong();
  if (key.length < webhookLimits.secretMinBytes) {
    const detail = `A secret has at least ${webhookLimits.secretMinBytes} bytes.`;
    return { ok: false, code: 'secret_too_short', detail };
  }
  return { ok: true, key };
}

function secretTooLong(): WebhookSecretParse {
  const detail = `A secret has at most ${webhookLimits.secretMaxBytes} bytes.`;
  return { ok: false, code: 'secret_too_long', detail };
}

/**
 * The HMAC keys of an endpoint's secrets, in their order. Secrets come from our own store, never from a request, so
 * a list that is empty, too long or has an invalid secret throws a TypeError. Its message never shows the secret.
 */
export function requireWebhookKeys(secrets: readonly string[]): readonly Uint8Array[] {
  if (!Array.isArray(secrets) || secrets.length === 0 || secrets.length > webhookLimits.secretsMax) {
    throw new TypeError(`Pass a list of 1 to ${webhookLimits.secretsMax} webhook secrets.`);
  }
  return secrets.map((secret, index) => {
    const parsed = parseWebhookSecret(secret);
    if (!parsed.ok) throw new TypeError(`Webhook secret ${index}: ${parsed.code}. ${parsed.detail}`);
    return parsed.key;
  });
}

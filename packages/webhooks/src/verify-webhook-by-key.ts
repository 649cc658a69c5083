import type { KeyObject } from 'node:crypto';
import { readSignatureList } from './read-signature-list.ts';
import { readTimestamp } from './read-timestamp.ts';
import { readWebhookHeaders } from './read-webhook-headers.ts';
import { requireWindow } from './require-window.ts';
import type { VerifyWebhookInput } from './verify-webhook.ts';
import { webhookLimits } from './webhook-limits.ts';
import { isSignedWithKey, requireBodyBytes, type SignedMessage } from './webhook-mac.ts';
import type { WebhookRefusal } from './webhook-refusal.ts';
import { requirePublicKey } from './webhook-signing-key.ts';

/** The same as `verifyWebhook` takes, with 1 to 8 public keys (`whpk_…`) in place of secrets. */
export interface VerifyWebhookByKeyInput extends Omit<VerifyWebhookInput, 'secrets'> {
  readonly publicKeys: readonly string[];
}

/** `keyIndex` is the first public key under which a signature holds. */
export interface VerifiedWebhookByKey {
  readonly ok: true;
  readonly messageId: string;
  readonly timestampSeconds: number;
  readonly keyIndex: number;
}

/**
 * Verifies a request by version v1a of Standard Webhooks (Ed25519): whoever can verify cannot sign. Refusals are those of
 * `verifyWebhook`, in the same order. Nothing in the request makes it throw; keys, body and window are the caller's own.
 */
export function verifyWebhookByKey(input: VerifyWebhookByKeyInput): VerifiedWebhookByKey | WebhookRefusal {
  const publicKeys = requirePublicKeys(input.publicKeys);
  requireBodyBytes(input.body);
  const window = requireWindow(input);

  const headers = readWebhookHeaders(input.headers);
  if (!headers.ok) return headers;
  const time = readTimestamp(headers.timestamp, window);
  if (!time.ok) return time;
  const list = readSignatureList(headers.signature, 'v1a');
  if (!list.ok) return list;
  if (list.signatures.length > webhookLimits.signingKeysMax) return tooManySignatures;

  const { messageId, timestamp } = headers;
  const message: SignedMessage = { messageId, timestamp, body: input.body };
  const keyIndex = publicKeys.findIndex((publicKey) =>
    list.signatures.some((signature) => isSignedWithKey(message, { publicKey, signature })),
  );
  if (keyIndex === -1) {
    return { ok: false, code: 'signature_mismatch', detail: 'No v1a signature was made with a known key.' };
  }
  return { ok: true, messageId, timestampSeconds: time.timestampSeconds, keyIndex };
}

/** A verification takes about a hundred times as long as an HMAC, so their number is bounded apart. */
const tooManySignatures: WebhookRefusal = {
  ok: false,
  code: 'header_too_large',
  detail: `The signature list has more than ${webhookLimits.signingKeysMax} entries of version v1a.`,
};

function requirePublicKeys(keys: readonly string[]): readonly KeyObject[] {
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > webhookLimits.signingKeysMax) {
    throw new TypeError(`Pass a list of 1 to ${webhookLimits.signingKeysMax} webhook public keys.`);
  }
  return keys.map(requirePublicKey);
}

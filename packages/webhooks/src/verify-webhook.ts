import { timingSafeEqual } from 'node:crypto';
import { readSignatureList } from './read-signature-list.ts';
import { readTimestamp } from './read-timestamp.ts';
import { requireWindow } from './require-window.ts';
import { readWebhookHeaders, type WebhookHeaderPairs } from './read-webhook-headers.ts';
import { computeWebhookMac, requireBodyBytes } from './webhook-mac.ts';
import type { WebhookRefusal } from './webhook-refusal.ts';
import { requireWebhookKeys } from './webhook-secret.ts';

export interface VerifyWebhookInput {
  /** 1 to 8 secrets that are valid now. Their order gives `secretIndex`. */
  readonly secrets: readonly string[];
  /** Prefer the server's raw list of pairs: a `Headers` object has already merged duplicates. */
  readonly headers: WebhookHeaderPairs;
  /** The body as it arrived, before any decoding. Its size is bounded by whoever reads the request. */
  readonly body: Uint8Array;
  /** Now, or for a stored request the time when it arrived: whole seconds since the Unix epoch. */
  readonly nowSeconds: number;
  /** 0 to 86400, by default 300. A timestamp exactly this far from now is still accepted. */
  readonly toleranceSeconds?: number;
}

/** `messageId` and `timestampSeconds` are covered by the signature. `secretIndex` is the first secret that matches. */
export interface VerifiedWebhook {
  readonly ok: true;
  readonly messageId: string;
  readonly timestampSeconds: number;
  readonly secretIndex: number;
}

/**
 * Verifies a request by Standard Webhooks v1, stricter than the published libraries: see `webhookRefusalCodes`.
 * Nothing in the request makes it throw. Invalid secrets, a body that is not bytes, or a bad window throw, since
 * they are the caller's own. It does not remember ids: the caller claims `messageId` to refuse a replay.
 */
export function verifyWebhook(input: VerifyWebhookInput): VerifiedWebhook | WebhookRefusal {
  const keys = requireWebhookKeys(input.secrets);
  requireBodyBytes(input.body);
  const window = requireWindow(input);

  const headers = readWebhookHeaders(input.headers);
  if (!headers.ok) return headers;
  const time = readTimestamp(headers.timestamp, window);
  if (!time.ok) return time;

  // Before the signature is looked at: the time it takes must not tell what the signature or a secret is like.
  const { messageId, timestamp } = headers;
  const expected = keys.map((key) => computeWebhookMac({ key, messageId, timestamp, body: input.body }));

  const list = readSignatureList(headers.signature, 'v1');
  if (!list.ok) return list;
  const secretIndex = findMatchingSecret({ expected, presented: list.signatures });
  if (secretIndex === undefined) {
    return { ok: false, code: 'signature_mismatch', detail: 'No v1 signature was made with a known secret.' };
  }
  return { ok: true, messageId, timestampSeconds: time.timestampSeconds, secretIndex };
}

/** Compares every pair, even after a match. All are 32 bytes, as `timingSafeEqual` needs. */
function findMatchingSecret(macs: {
  readonly expected: readonly Uint8Array[];
  readonly presented: readonly Uint8Array[];
}): number | undefined {
  let secretIndex: number | undefined;
  macs.expected.forEach((expected, index) => {
    for (const presented of macs.presented) {
      const matches = timingSafeEqual(expected, presented);
      if (matches) secretIndex ??= index;
    }
  });
  return secretIndex;
}

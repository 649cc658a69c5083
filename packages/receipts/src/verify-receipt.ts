import { decodeBase64url } from './base64url.ts';
import { encodeHex } from './hex.ts';
import { isKeyValidAt, type ParsedKeySet, parseKeySet } from './key-set.ts';
import { ed25519Verify } from './log/ed25519-native.ts';
import { sha256 } from './log/sha256-native.ts';
import { parseReceiptDocument, type ReceiptDocument } from './receipt-document.ts';
import type { ReceiptBody } from './receipt-body.ts';
import type { SignedReceipt } from './sign-receipt.ts';

/** Every reason not to accept a receipt, in order of precedence: of several that hold, the first one is given. */
export const receiptVerificationCodes = [
  'too_large',
  'malformed_document',
  'unknown_format',
  'malformed_receipt',
  'hash_mismatch',
  'malformed_key_set',
  'unknown_key',
  'key_not_valid_at_completion',
  'signature_invalid',
] as const;

export type ReceiptVerificationCode = (typeof receiptVerificationCodes)[number];

export type ReceiptVerification =
  | { readonly ok: true; readonly body: ReceiptBody; readonly keyId: string }
  | { readonly ok: false; readonly code: ReceiptVerificationCode; readonly detail: string };

/**
 * Checks a receipt document against the published key set, both as parsed JSON, and needs nothing else: no network, no
 * clock, no database. Runs in a browser too. Never throws. Use the returned `body`: it is what was checked, and shares
 * nothing with the input.
 *
 * It shows that a holder of the key signed this body, not that the receipt is in the log: an inclusion proof does.
 */
export function verifyReceipt(input: { readonly document: unknown; readonly keys: unknown }): ReceiptVerification {
  const parsed = parseReceiptDocument(input.document);
  if (!parsed.ok) return parsed;
  // The key set is read only for a receipt whose own hash is right: that comes first in the order of reasons.
  return verifyClaim(parsed, () => parseKeySet(input.keys));
}

/** The same for a document that was read already, and a key set that may have been read once for many. */
export function verifyClaim(
  { document, claimed }: { readonly document: ReceiptDocument; readonly claimed: SignedReceipt },
  keySetOf: () => ParsedKeySet,
): ReceiptVerification {
  if (`sha256:${encodeHex(sha256(claimed.bytes))}` !== document.hash) {
    return refuse('hash_mismatch', 'hash is not that of the receipt');
  }
  const keySet = keySetOf();
  if (!keySet.ok) return keySet;
  const key = keySet.keys.find((candidate) => candidate.publicJwk.kid === claimed.keyId);
  if (key === undefined) return refuse('unknown_key', 'the key set does not hold signature.keyId');
  if (!isKeyValidAt(key, document.receipt.completedAt)) {
    return refuse('key_not_valid_at_completion', 'completedAt is outside the validity of the key');
  }
  const publicKey = decodeBase64url(key.publicJwk.x) ?? new Uint8Array(0);
  if (!ed25519Verify({ bytes: claimed.bytes, publicKey, signature: claimed.signature })) {
    return refuse('signature_invalid', 'the signature is not that of the key over the receipt');
  }
  return { ok: true, body: document.receipt, keyId: claimed.keyId };
}

function refuse(code: ReceiptVerificationCode, detail: string): ReceiptVerification {
  return { ok: false, code, detail };
}

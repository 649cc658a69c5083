import { createHmac, type KeyObject, sign, verify } from 'node:crypto';

/** What both versions of a signature cover. */
export interface SignedMessage {
  readonly messageId: string;
  /** The digits as they stand in the header. */
  readonly timestamp: string;
  readonly body: Uint8Array;
}

export interface WebhookMacInput extends SignedMessage {
  readonly key: Uint8Array;
}

/**
 * The 32 bytes of HMAC-SHA256 over `messageId.timestamp.body` (Standard Webhooks, "Signature scheme").
 * The body goes in as bytes: as text, bodies that differ in bytes which are not UTF-8 would share a signature.
 */
export function computeWebhookMac(input: WebhookMacInput): Uint8Array {
  const mac = createHmac('sha256', input.key);
  mac.update(prefixOf(input));
  mac.update(input.body);
  return mac.digest();
}

/** The 64 bytes of the Ed25519 signature over the same content (version v1a). */
export function signWithKey(message: SignedMessage, key: KeyObject): Uint8Array {
  return sign(null, contentOf(message), key);
}

/** Whether a signature of 64 bytes was made over this content with the private key of this public one. */
export function isSignedWithKey(
  message: SignedMessage,
  proof: { readonly publicKey: KeyObject; readonly signature: Uint8Array },
): boolean {
  return verify(null, contentOf(message), proof.publicKey, proof.signature);
}

/** Throws a TypeError unless the body is bytes. A text or parsed JSON cannot be signed or verified. */
export function requireBodyBytes(body: Uint8Array): void {
  if (!(body instanceof Uint8Array)) throw new TypeError('The webhook body must be its raw bytes, a Uint8Array.');
}

function prefixOf({ messageId, timestamp }: SignedMessage): string {
  return `${messageId}.${timestamp}.`;
}

function contentOf(message: SignedMessage): Uint8Array {
  return Buffer.concat([Buffer.from(prefixOf(message)), message.body]);
}

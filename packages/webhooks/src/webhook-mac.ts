import { createHmac } from 'node:crypto';

export interface WebhookMacInput {
  readonly key: Uint8Array;
  readonly messageId: string;
  /** The digits as they stand in the header. */
  readonly timestamp: string;
  readonly body: Uint8Array;
}

/**
 * The 32 bytes of HMAC-SHA256 over `messageId.timestamp.body` (Standard Webhooks, "Signature scheme").
 * The body goes in as bytes: as text, bodies that differ in bytes which are not UTF-8 would share a signature.
 */
export function computeWebhookMac(input: WebhookMacInput): Uint8Array {
  const mac = createHmac('sha256', input.key);
  mac.update(`${input.messageId}.${input.timestamp}.`);
  mac.update(input.body);
  return mac.digest();
}

/** Throws a TypeError unless the body is bytes. A text or parsed JSON cannot be signed or verified. */
export function requireBodyBytes(body: Uint8Array): void {
  if (!(body instanceof Uint8Array)) throw new TypeError('The webhook body must be its raw bytes, a Uint8Array.');
}

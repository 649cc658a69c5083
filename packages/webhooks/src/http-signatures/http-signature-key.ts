import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';
import { httpSignatureLimits } from './http-signature-limits.ts';

/** A key fixes its algorithm (RFC 9421 section 7.3.6): what the request says can only contradict it. */
export type HttpSignatureKey =
  | { readonly algorithm: 'hmac-sha256'; readonly secret: Uint8Array }
  /** The raw 32 bytes of the public key (RFC 8032). */
  | { readonly algorithm: 'ed25519'; readonly publicKey: Uint8Array };

/** The bytes that a signature of each algorithm has. */
export const httpSignatureBytes = { 'hmac-sha256': 32, ed25519: 64 } as const;

/** Throws a TypeError for a key of the wrong size: keys come from our own store. The message never shows the key. */
export function requireHttpSignatureKey(key: HttpSignatureKey): void {
  const { hmacKeyMinBytes, hmacKeyMaxBytes, ed25519KeyBytes } = httpSignatureLimits;
  if (key.algorithm === 'ed25519') {
    if (key.publicKey.length === ed25519KeyBytes) return;
    throw new TypeError(`An ed25519 public key has ${ed25519KeyBytes} bytes.`);
  }
  if (key.secret.length >= hmacKeyMinBytes && key.secret.length <= hmacKeyMaxBytes) return;
  throw new TypeError(`An HMAC key has ${hmacKeyMinBytes} to ${hmacKeyMaxBytes} bytes.`);
}

/** Whether the signature, of the algorithm's size, was made over the signature base with this key. */
export function isHttpSignatureOf(input: {
  readonly key: HttpSignatureKey;
  readonly signatureBase: string;
  readonly signature: Uint8Array;
}): boolean {
  const { key, signature } = input;
  const signed = Buffer.from(input.signatureBase, 'latin1');
  if (key.algorithm === 'hmac-sha256') {
    return timingSafeEqual(createHmac('sha256', key.secret).update(signed).digest(), signature);
  }
  const x = Buffer.from(key.publicKey).toString('base64url');
  return verify(null, signed, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }), signature);
}

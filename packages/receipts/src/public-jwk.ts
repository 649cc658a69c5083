import { encodeBase64url } from './base64url.ts';
import { canonicalBytes } from './canonical-bytes.ts';
import { sha256 } from './log/sha256-native.ts';

/** An Ed25519 public key as a JWK (RFC 8037 section 2) whose `kid` is its own thumbprint. */
export type ReceiptPublicJwk = {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly kid: string;
  readonly use: 'sig';
  readonly alg: 'EdDSA';
};

/** The JWK of a 32-byte Ed25519 public key. */
export function toPublicJwk(publicKey: Uint8Array): ReceiptPublicJwk {
  const x = encodeBase64url(publicKey);
  return { kty: 'OKP', crv: 'Ed25519', x, kid: jwkThumbprint(x), use: 'sig', alg: 'EdDSA' };
}

/** The SHA-256 thumbprint, base64url, of the Ed25519 key with coordinate `x` (RFC 7638 section 3; RFC 8037). */
export function jwkThumbprint(x: string): string {
  const required = canonicalBytes({ crv: 'Ed25519', kty: 'OKP', x });
  return encodeBase64url(sha256(required));
}

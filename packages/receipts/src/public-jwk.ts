import { canonicalBytes } from './canonical-bytes.ts';
import { sha256 } from './sha256.ts';

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
  const x = Buffer.from(publicKey).toString('base64url');
  return { kty: 'OKP', crv: 'Ed25519', x, kid: jwkThumbprint(x), use: 'sig', alg: 'EdDSA' };
}

/** The SHA-256 thumbprint, base64url, of the Ed25519 key with coordinate `x` (RFC 7638 section 3; RFC 8037). */
export function jwkThumbprint(x: string): string {
  const required = canonicalBytes({ crv: 'Ed25519', kty: 'OKP', x });
  return Buffer.from(sha256(required)).toString('base64url');
}

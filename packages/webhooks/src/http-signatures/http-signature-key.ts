import { constants, createHmac, createPublicKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import { httpSignatureLimits } from './http-signature-limits.ts';

/** A key fixes its algorithm (RFC 9421 section 7.3.6): what the request says can only contradict it. */
export type HttpSignatureKey =
  | { readonly algorithm: 'hmac-sha256'; readonly secret: Uint8Array }
  /** The raw 32 bytes of the public key (RFC 8032). */
  | { readonly algorithm: 'ed25519'; readonly publicKey: Uint8Array }
  /** A SubjectPublicKeyInfo (RFC 5280) in DER: of a point of P-256, or of an RSA key. */
  | { readonly algorithm: 'ecdsa-p256-sha256' | 'rsa-pss-sha512'; readonly publicKey: Uint8Array };

/** The algorithms of RFC 9421 section 3.3 that are offered here, by the names of its registry. */
export const httpSignatureAlgorithms = ['hmac-sha256', 'ed25519', 'ecdsa-p256-sha256', 'rsa-pss-sha512'] as const;

/** The bytes that a signature of each algorithm has; with RSA the key says it. */
const signatureBytes = { 'hmac-sha256': 32, ed25519: 64, 'ecdsa-p256-sha256': 64 } as const;

/** Throws a TypeError for a key of the wrong kind or size: keys come from our own store. The message never shows the key. */
export function requireHttpSignatureKey(key: HttpSignatureKey): void {
  const { hmacKeyMinBytes, hmacKeyMaxBytes, ed25519KeyBytes } = httpSignatureLimits;
  switch (key.algorithm) {
    case 'ed25519':
      if (key.publicKey.length === ed25519KeyBytes) return;
      throw new TypeError(`An ed25519 public key has ${ed25519KeyBytes} bytes.`);
    case 'ecdsa-p256-sha256':
      if (publicKeyOf(key)?.asymmetricKeyDetails?.namedCurve === 'prime256v1') return;
      throw new TypeError('An ecdsa-p256-sha256 public key is a point of P-256.');
    case 'rsa-pss-sha512':
      if (isModulusBits(publicKeyOf(key)?.asymmetricKeyDetails?.modulusLength)) return;
      throw new TypeError('An rsa-pss-sha512 public key is an RSA key of a size that is taken here.');
    case 'hmac-sha256':
      if (key.secret.length >= hmacKeyMinBytes && key.secret.length <= hmacKeyMaxBytes) return;
      throw new TypeError(`An HMAC key has ${hmacKeyMinBytes} to ${hmacKeyMaxBytes} bytes.`);
  }
}

/** How many bytes a signature with this key has. */
export function signatureBytesOf(key: HttpSignatureKey): number {
  if (key.algorithm !== 'rsa-pss-sha512') return signatureBytes[key.algorithm];
  return (publicKeyOf(key)?.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
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
  const publicKey = publicKeyOf(key);
  if (publicKey === undefined) return false;
  switch (key.algorithm) {
    case 'ed25519':
      return verify(null, signed, publicKey, signature);
    case 'ecdsa-p256-sha256':
      // The two numbers one after the other (RFC 9421 section 3.3.4), not the DER of TLS.
      return verify('sha256', signed, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
    case 'rsa-pss-sha512': {
      // The RFC asks for 64 bytes of salt. A library in wide use takes more, and what is proven does not depend on it.
      const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_AUTO: saltLength } = constants;
      return verify('sha512', signed, { key: publicKey, padding, saltLength }, signature);
    }
  }
}

/** Whether an RSA key of this size is taken. */
export function isModulusBits(bits: number | undefined): boolean {
  const { rsaModulusMinBits, rsaModulusMaxBits } = httpSignatureLimits;
  return bits !== undefined && bits % 8 === 0 && bits >= rsaModulusMinBits && bits <= rsaModulusMaxBits;
}

function publicKeyOf(key: Exclude<HttpSignatureKey, { algorithm: 'hmac-sha256' }>): KeyObject | undefined {
  try {
    if (key.algorithm !== 'ed25519') {
      return createPublicKey({ key: Buffer.from(key.publicKey), format: 'der', type: 'spki' });
    }
    const x = Buffer.from(key.publicKey).toString('base64url');
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  } catch {
    return undefined;
  }
}

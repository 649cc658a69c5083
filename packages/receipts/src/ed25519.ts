import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { ed25519SignatureBytes, isSmallOrderPoint, isSoundEd25519PublicKey } from './ed25519-point.ts';

export { ed25519PublicKeyBytes, ed25519SignatureBytes, isSoundEd25519PublicKey } from './ed25519-point.ts';

export const ed25519SeedBytes = 32;

/** RFC 8410 section 7: the PKCS#8 wrapping of a 32-byte Ed25519 seed, which `node:crypto` has no raw import for. */
const pkcs8Prefix = Uint8Array.fromHex('302e020100300506032b657004220420');

/** A signing key from its RFC 8032 seed. Throws TypeError unless the seed is 32 bytes: a bug, or a wrong secret. */
export function ed25519PrivateKey(seed: Uint8Array): KeyObject {
  if (seed.length !== ed25519SeedBytes) throw new TypeError(`an Ed25519 seed has ${ed25519SeedBytes} bytes`);
  const der = Buffer.concat([pkcs8Prefix, seed]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  der.fill(0);
  return key;
}

/** The 32 bytes of the public key that belongs to a signing key. */
export function ed25519PublicKey(privateKey: KeyObject): Uint8Array {
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  if (x === undefined) throw new TypeError('not an Ed25519 key');
  return new Uint8Array(Buffer.from(x, 'base64url'));
}

/** Pure Ed25519 (RFC 8032 section 5.1.6): 64 bytes. */
export function ed25519Sign(input: { readonly bytes: Uint8Array; readonly privateKey: KeyObject }): Uint8Array {
  return new Uint8Array(sign(null, input.bytes, input.privateKey));
}

/** The same signature, made on the thread pool of the runtime: the calling thread goes on meanwhile. */
export function ed25519SignConcurrently(input: {
  readonly bytes: Uint8Array;
  readonly privateKey: KeyObject;
}): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    sign(null, input.bytes, input.privateKey, (error, signature) => {
      if (error) reject(error);
      else resolve(new Uint8Array(signature));
    });
  });
}

/**
 * Strict verification of pure Ed25519 (RFC 8032 section 5.1.7). `node:crypto` refuses S >= L and non-canonical R, but
 * takes keys and R of small order, and keys with y >= p; those are refused here first. Never throws.
 */
export function ed25519Verify(input: {
  readonly bytes: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
}): boolean {
  if (input.signature.length !== ed25519SignatureBytes) return false;
  if (!isSoundEd25519PublicKey(input.publicKey)) return false;
  if (isSmallOrderPoint(input.signature.subarray(0, 32))) return false;
  const x = Buffer.from(input.publicKey).toString('base64url');
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return verify(null, input.bytes, key, input.signature);
  } catch {
    // Importing checks no more than the length today; where a runtime checks the point, that is a refusal as well.
    return false;
  }
}

import { getPublicKey, hashes, Point, sign } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import type { Ed25519Signer } from './ed25519-signer.ts';

// The synchronous half of the library has no SHA-512 of its own.
hashes.sha512 = sha512;

const groupOrder = Point.CURVE().n;
const seedBytes = 32;
const pointBytes = 32;
const signatureBytes = 64;

/** A signer for a 32-byte RFC 8032 seed. Throws TypeError for a seed of another length. */
export function createEd25519Signer(seed: Uint8Array): Ed25519Signer {
  if (seed.length !== seedBytes) throw new TypeError(`an Ed25519 seed has ${seedBytes} bytes`);
  const secretKey = Uint8Array.from(seed);
  return { publicKey: getPublicKey(secretKey), sign: (bytes) => sign(bytes, secretKey) };
}

/**
 * Strict verification of pure Ed25519 (RFC 8032 section 5.1.7) that accepts exactly what `ed25519-native.ts` accepts. The library's own `verify` multiplies by the cofactor and so takes signatures that `node:crypto` refuses; here the
 * equation is checked without it, by computing R and comparing bytes. Never throws.
 */
export function ed25519Verify(input: {
  readonly bytes: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
}): boolean {
  const { bytes, publicKey, signature } = input;
  if (publicKey.length !== pointBytes || signature.length !== signatureBytes) return false;
  const encodedR = signature.subarray(0, pointBytes);
  const s = littleEndian(signature.subarray(pointBytes));
  if (s >= groupOrder) return false;
  try {
    const key = Point.fromBytes(publicKey, false);
    if (key.isSmallOrder()) return false;
    const k = littleEndian(sha512(concatenate([encodedR, publicKey, bytes]))) % groupOrder;
    const r = Point.BASE.multiplyUnsafe(s).subtract(key.multiplyUnsafe(k));
    return !r.isSmallOrder() && r.toBytes().every((byte, index) => byte === encodedR[index]);
  } catch {
    // The bytes of the key are not a point of the curve.
    return false;
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  let number = 0n;
  for (const byte of bytes.toReversed()) number = number * 256n + BigInt(byte);
  return number;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

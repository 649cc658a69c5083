import { hash } from 'node:crypto';

/** The order of the prime subgroup of edwards25519 (RFC 8032 section 5.1). */
export const groupOrder = 2n ** 252n + 27742317777372353535851937790883648493n;

/** The same signature with S + L in place of S: the equation still holds, so only a strict verifier refuses it. */
export function withGroupOrderAdded(signature: Uint8Array, times: bigint): Uint8Array {
  const scalar = readLittleEndian(signature.subarray(32)) + times * groupOrder;
  return Uint8Array.from([...signature.subarray(0, 32), ...writeLittleEndian(scalar)]);
}

/**
 * A signature that only the holder of `seed` can make, with the identity point for R: S = k * a. It satisfies the
 * equation of RFC 8032, and shows that a verifier refuses R of small order for its own sake.
 */
export function signWithIdentityNonce(input: {
  readonly seed: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly bytes: Uint8Array;
}): Uint8Array {
  const nonce = Uint8Array.from([1, ...new Uint8Array(31)]);
  const clamped = sha512(input.seed).slice(0, 32);
  clamped[0] = (clamped[0] ?? 0) & 0xf8;
  clamped[31] = ((clamped[31] ?? 0) & 0x7f) | 0x40;
  const challenge = readLittleEndian(sha512(Uint8Array.from([...nonce, ...input.publicKey, ...input.bytes])));
  const scalar = (challenge * readLittleEndian(clamped)) % groupOrder;
  return Uint8Array.from([...nonce, ...writeLittleEndian(scalar)]);
}

function sha512(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(hash('sha512', bytes, 'buffer'));
}

export function withByteFlipped(input: {
  readonly bytes: Uint8Array;
  readonly index: number;
  readonly mask: number;
}): Uint8Array {
  const copy = Uint8Array.from(input.bytes);
  copy[input.index] = (copy[input.index] ?? 0) ^ input.mask;
  return copy;
}

export function readLittleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${bytes.toReversed().toHex()}`);
}

export function writeLittleEndian(scalar: bigint): Uint8Array {
  return Uint8Array.fromHex(scalar.toString(16).padStart(64, '0')).toReversed();
}

import { encodeHex } from './hex.ts';

export const ed25519PublicKeyBytes = 32;
export const ed25519SignatureBytes = 64;

/**
 * The y coordinates of the points of order 1, 2, 4 and 8, without the sign bit, in each encoding that decodes to one
 * (y and y + p). With such a key or such an R, one signature can satisfy the equation for many messages.
 */
const smallOrderEncodings: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

/** True when a public key is encoded canonically (RFC 8032 section 5.1.3: y < p) and is not of small order. */
export function isSoundEd25519PublicKey(publicKey: Uint8Array): boolean {
  return publicKey.length === ed25519PublicKeyBytes && isCanonicalPoint(publicKey) && !isSmallOrderPoint(publicKey);
}

/** True for the encoding of a point of order 1, 2, 4 or 8, whatever its sign bit says. */
export function isSmallOrderPoint(point: Uint8Array): boolean {
  const unsigned = Uint8Array.from(point);
  unsigned[31] = (unsigned[31] ?? 0) & 0x7f;
  return smallOrderEncodings.has(encodeHex(unsigned));
}

// p = 2^255 - 19: only the nineteen encodings from ed ff .. ff 7f upwards (sign bit aside) are not reduced.
function isCanonicalPoint(point: Uint8Array): boolean {
  if ((point[0] ?? 0) < 0xed || ((point[31] ?? 0) & 0x7f) !== 0x7f) return true;
  return !point.subarray(1, 31).every((byte) => byte === 0xff);
}

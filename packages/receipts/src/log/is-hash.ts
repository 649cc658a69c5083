import { hashBytes, proofHashesMax } from './log-limits.ts';

/** True for 32 bytes in a Uint8Array. A mere look-alike, whose accessors would throw, is not a view of a buffer. */
export function isHash(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && value instanceof Uint8Array && value.length === hashBytes;
}

/** True for an array of at most `proofHashesMax` hashes. */
export function isProof(value: unknown): value is readonly Uint8Array[] {
  if (!Array.isArray(value) || value.length > proofHashesMax) return false;
  // Unlike every(), this loop visits the holes of a sparse array.
  for (const hash of value) if (!isHash(hash)) return false;
  return true;
}

/** True when two byte strings are equal. Hashes of a log are public, so the time that it takes tells nobody anything. */
export function bytesEqual(pair: { readonly left: Uint8Array; readonly right: Uint8Array }): boolean {
  const { left, right } = pair;
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

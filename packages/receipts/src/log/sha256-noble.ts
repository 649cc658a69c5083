import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';

/** The SHA-256 digest (FIPS 180-4), 32 bytes, for runtimes without `node:crypto`: what stands in for `sha256-native.ts` in a browser. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return nobleSha256(bytes);
}

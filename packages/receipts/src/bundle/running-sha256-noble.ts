import { sha256 } from '@noble/hashes/sha2.js';
import type { RunningSha256 } from './running-sha256.ts';

/** SHA-256 (FIPS 180-4) over bytes that arrive one after the other, for runtimes without `node:crypto`. */
export function createRunningSha256(): RunningSha256 {
  const hash = sha256.create();
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => hash.digest(),
  };
}

import { createHash } from 'node:crypto';
import type { RunningSha256 } from './running-sha256.ts';

/** SHA-256 of this runtime over bytes that arrive one after the other. In a browser `running-sha256-noble.ts` stands in. */
export function createRunningSha256(): RunningSha256 {
  const hash = createHash('sha256');
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => new Uint8Array(hash.digest()),
  };
}

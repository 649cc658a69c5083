import { AsyncLocalStorage } from 'node:async_hooks';
import type { RequestIdentity } from './request-identity.ts';

const storage = new AsyncLocalStorage<RequestIdentity>();

/** Runs `work` as part of a request: each log line that it writes, also after an await, carries this identity. */
export function runWithIdentity<T>(identity: RequestIdentity, work: () => T): T {
  return storage.run(identity, work);
}

/** The identity of the request that the caller runs in, or null outside of any. */
export function currentIdentity(): RequestIdentity | null {
  return storage.getStore() ?? null;
}

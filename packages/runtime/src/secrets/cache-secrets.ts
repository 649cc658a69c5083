import { runtimeLimits } from '../runtime-limits.ts';
import type { SecretReference } from './secret-reference.ts';
import type { SecretStore } from './secret-store.ts';

export interface SecretCacheOptions {
  /** How long a value is used before it is read again: the longest time for which a rotated secret lives on here. */
  readonly ttlMilliseconds: number;
  /** A clock that never goes back, such as `performance.now`. */
  readonly now: () => number;
  readonly entriesMax?: number;
}

interface Entry {
  readonly value: Promise<Uint8Array>;
  readonly freshness: { until: number };
}

/**
 * A store that remembers what it read, in memory, for a while. Readers of one secret at the same time share one request.
 * Failures are not remembered, and each reader gets bytes of its own.
 */
export function cacheSecrets(store: SecretStore, options: SecretCacheOptions): SecretStore {
  const entriesMax = options.entriesMax ?? runtimeLimits.secretCacheEntries;
  const entries = new Map<SecretReference, Entry>();

  async function fill(reference: SecretReference, freshness: Entry['freshness']): Promise<Uint8Array> {
    try {
      const value = await store.read(reference);
      freshness.until = options.now() + options.ttlMilliseconds;
      return value;
    } catch (error) {
      freshness.until = Number.NEGATIVE_INFINITY;
      throw error;
    }
  }

  function load(reference: SecretReference): Promise<Uint8Array> {
    // Until the value is there everyone waits for it, however long the store takes.
    const freshness = { until: Number.POSITIVE_INFINITY };
    const value = fill(reference, freshness);
    entries.set(reference, { value, freshness });
    return value;
  }

  return {
    async read(reference) {
      const known = entries.get(reference);
      if (known !== undefined && known.freshness.until > options.now()) return (await known.value).slice();
      if (known === undefined && entries.size >= entriesMax) entries.delete(oldestOf(entries) ?? reference);
      return (await load(reference)).slice();
    },
  };
}

function oldestOf<Key>(entries: ReadonlyMap<Key, unknown>): Key | undefined {
  return entries.keys().next().value;
}

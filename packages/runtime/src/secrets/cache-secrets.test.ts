import { describe, expect, test } from 'bun:test';
import { cacheSecrets } from './cache-secrets.ts';
import type { SecretReference } from './secret-reference.ts';
import { type SecretStore, SecretUnavailable } from './secret-store.ts';

function countingStore() {
  const state = { reads: 0, now: 0, failing: false };
  const store: SecretStore = {
    async read(reference) {
      state.reads += 1;
      await Promise.resolve();
      if (state.failing) throw new SecretUnavailable({ code: 'store_unavailable', reference, detail: 'down' });
      return new TextEncoder().encode(`${reference} ${state.reads}`);
    },
  };
  return { state, store };
}

const textOf = (value: Uint8Array): string => new TextDecoder().decode(value);

describe('cacheSecrets', () => {
  test('reads once for as long as the value is fresh, then again', async () => {
    const { state, store } = countingStore();
    const cached = cacheSecrets(store, { ttlMilliseconds: 100, now: () => state.now });
    expect(textOf(await cached.read('secrets://a'))).toBe('secrets://a 1');
    state.now = 99;
    expect(textOf(await cached.read('secrets://a'))).toBe('secrets://a 1');
    state.now = 100;
    expect(textOf(await cached.read('secrets://a'))).toBe('secrets://a 2');
    expect(state.reads).toBe(2);
  });

  test('readers at the same time share one read, those of other secrets do not', async () => {
    const { state, store } = countingStore();
    const cached = cacheSecrets(store, { ttlMilliseconds: 100, now: () => state.now });
    const references: SecretReference[] = ['secrets://a', 'secrets://a', 'secrets://b', 'secrets://a', 'secrets://a/1'];
    await Promise.all(references.map((reference) => cached.read(reference)));
    expect(state.reads).toBe(3);
  });

  test('a failure reaches everyone who waits and is not remembered', async () => {
    const { state, store } = countingStore();
    const cached = cacheSecrets(store, { ttlMilliseconds: 100, now: () => state.now });
    state.failing = true;
    const results = await Promise.allSettled([cached.read('secrets://a'), cached.read('secrets://a')]);
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected']);
    expect(state.reads).toBe(1);
    state.failing = false;
    expect(textOf(await cached.read('secrets://a'))).toBe('secrets://a 2');
  });

  test('each reader has bytes of its own', async () => {
    const { state, store } = countingStore();
    const cached = cacheSecrets(store, { ttlMilliseconds: 100, now: () => state.now });
    const first = await cached.read('secrets://a');
    first.fill(0);
    expect(textOf(await cached.read('secrets://a'))).toBe('secrets://a 1');
  });

  test('holds no more than its bound', async () => {
    const { state, store } = countingStore();
    const cached = cacheSecrets(store, { ttlMilliseconds: 100, now: () => state.now, entriesMax: 2 });
    for (const name of ['a', 'b', 'c']) await cached.read(`secrets://${name}`);
    expect(state.reads).toBe(3);
    await cached.read('secrets://c');
    await cached.read('secrets://b');
    expect(state.reads).toBe(3);
    await cached.read('secrets://a');
    expect(state.reads).toBe(4);
  });
});

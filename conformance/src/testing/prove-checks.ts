import { afterAll, beforeAll } from 'bun:test';
import type { Check } from '../harness/check.ts';
import { prove } from './prove.ts';
import { type Clone, createSeededDatabase, type SeededDatabase } from './throwaway.ts';

const seed = 'conformance';
// A ceiling, and no claim of speed.
const timeoutMilliseconds = 180_000;

/**
 * Proves checks of the database. Catalogue checks share one clone, since their saboteurs are rolled back; each other test
 * has a fresh one.
 */
export function proveChecks(checks: readonly Check[]): void {
  let source: SeededDatabase;
  let shared: Clone;
  beforeAll(async () => {
    source = await createSeededDatabase(seed);
    shared = await source.clone();
  }, timeoutMilliseconds);
  afterAll(async () => {
    await shared.drop();
    await source.drop();
  });

  prove(checks, async ({ check, saboteur }, work) => {
    const clone = check.subject === 'catalogue' ? shared : await source.clone();
    try {
      clone.target.focus = saboteur?.tables ?? null;
      await work(clone.target);
    } finally {
      clone.target.hypotheses.length = 0;
      clone.target.focus = null;
      if (clone !== shared) await clone.drop();
    }
  });
}

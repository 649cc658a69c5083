import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Check } from '../harness/check.ts';
import type { Target } from '../harness/target.ts';
import { type Clone, createSeededDatabase, type SeededDatabase } from './throwaway.ts';

const seed = 'conformance';
const timeoutMilliseconds = 30_000;

/**
 * Each check holds on an untouched database, and goes red under each of its saboteurs, for the reason that they name.
 * Catalogue checks share one clone, since their saboteurs are rolled back; each other test has a fresh one.
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

  async function withTarget(check: Check, work: (target: Target) => Promise<void>): Promise<void> {
    const clone = check.subject === 'catalogue' ? shared : await source.clone();
    try {
      await work(clone.target);
    } finally {
      clone.target.hypotheses.length = 0;
      clone.target.focus = null;
      if (clone !== shared) await clone.drop();
    }
  }

  for (const check of checks) {
    describe(check.id, () => {
      test(
        `${check.id} holds`,
        () =>
          withTarget(check, async (target) => {
            const finding = await check.run(target);
            expect(finding).toMatchObject({ verdict: 'holds' });
            expect(finding.observed).toBeGreaterThan(0);
          }),
        timeoutMilliseconds,
      );

      for (const saboteur of check.saboteurs) {
        test(
          `${check.id} goes red when ${saboteur.name}`,
          () =>
            withTarget(check, async (target) => {
              target.focus = saboteur.tables ?? null;
              await saboteur.apply(target);
              const finding = await check.run(target);
              expect(finding.verdict).toBe('violated');
              expect(finding.evidence.join('\n')).toContain(saboteur.mentions);
            }),
          timeoutMilliseconds,
        );
      }
    });
  }
}

import { describe, expect, test } from 'bun:test';
import type { Check, Saboteur } from '../harness/check.ts';

// A ceiling, and no claim of speed.
const timeoutMilliseconds = 180_000;

/** Lends something untouched to look at, and takes it back; `saboteur` is the one that is going to change it. */
export type Lend<Subject> = (
  asked: { readonly check: Check<Subject>; readonly saboteur: Saboteur<Subject> | null },
  work: (subject: Subject) => Promise<void>,
) => Promise<void>;

/** Each check holds on what is untouched, and goes red under each of its saboteurs, for the reason that they name. */
export function prove<Subject>(checks: readonly Check<Subject>[], lend: Lend<Subject>): void {
  for (const check of checks) {
    describe(check.id, () => {
      test(
        `${check.id} holds`,
        () =>
          lend({ check, saboteur: null }, async (subject) => {
            const finding = await check.run(subject);
            expect(finding).toMatchObject({ verdict: 'holds' });
            expect(finding.observed).toBeGreaterThan(0);
          }),
        timeoutMilliseconds,
      );

      for (const saboteur of check.saboteurs) {
        test(
          `${check.id} goes red when ${saboteur.name}`,
          () =>
            lend({ check, saboteur }, async (subject) => {
              await saboteur.apply(subject);
              const finding = await check.run(subject);
              expect(finding.verdict).toBe('violated');
              expect(finding.evidence.join('\n')).toContain(saboteur.mentions);
            }),
          timeoutMilliseconds,
        );
      }
    });
  }
}

import type { Check, Family, Saboteur } from '../harness/check.ts';
import { type Evidence, gatherEvidence } from '../harness/evidence.ts';
import type { Governed } from './governed.ts';

interface GovernedText {
  readonly id: `${Family}.${string}`;
  readonly claim: string;
  readonly mechanism: string;
  /** The cases that must each have been seen at least once. */
  readonly cases: readonly string[];
  run(governed: Governed, evidence: Evidence): Promise<void>;
  readonly saboteurs: readonly Saboteur<Governed>[];
}

/** A check that sends commands that may succeed, to an API that is thrown away afterwards. */
export function governedCheck({ run, ...text }: GovernedText): Check<Governed> {
  return {
    ...text,
    family: text.id.slice(0, text.id.indexOf('.')) as Family, // The type of `id` says so.
    subject: 'governed',
    async run(governed) {
      const evidence = gatherEvidence();
      await run(governed, evidence);
      return evidence.finding(text.cases);
    },
  };
}

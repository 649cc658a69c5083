import type { Check, Saboteur } from '../harness/check.ts';
import { type Evidence, gatherEvidence } from '../harness/evidence.ts';
import type { IngestTarget } from './ingest-target.ts';

interface IngestText {
  readonly id: `ingest.${string}`;
  readonly claim: string;
  readonly mechanism: string;
  /** The cases that must each have been seen at least once. */
  readonly cases: readonly string[];
  run(target: IngestTarget, evidence: Evidence): Promise<void>;
  readonly saboteurs: readonly Saboteur<IngestTarget>[];
}

/** A check that sends messages as a partner would, to an ingest that is thrown away afterwards. */
export function ingestCheck({ run, ...text }: IngestText): Check<IngestTarget> {
  return {
    ...text,
    family: 'ingest',
    subject: 'ingest',
    async run(target) {
      const evidence = gatherEvidence();
      await run(target, evidence);
      return evidence.finding(text.cases);
    },
  };
}

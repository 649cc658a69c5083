import type { Logger } from '@karmanflow/runtime';
import type { Witnessing } from './publish-decision.ts';
import type { SequencerMetrics } from './sequencer-metrics.ts';
import type { WitnessOutcome } from './witnesses.ts';

/** Another history was seen: that is what witnesses are for, and is said each time. */
const alarms: ReadonlySet<WitnessOutcome> = new Set(['ahead', 'fork']);

/** Counts what came of asking the witnesses; of what goes on and on it speaks when it begins and when it ends. */
export function tellOfWitnesses(ports: {
  readonly logger: Logger;
  readonly metrics: Pick<SequencerMetrics, 'cosigned'>;
}): Witnessing['tell'] {
  const { logger, metrics } = ports;
  const failing = new Set<string>();
  return (cosigning) => {
    metrics.cosigned(cosigning);
    for (const { witness, outcome, detail } of cosigning.reports) {
      if (outcome === 'resting') continue;
      if (alarms.has(outcome)) logger.error({ witness, outcome, detail }, 'a witness has seen another history');
      else if (outcome !== 'cosigned' && !failing.has(witness))
        logger.warn({ witness, outcome, detail }, 'a witness does not cosign');
      else if (outcome === 'cosigned' && failing.has(witness)) logger.info({ witness }, 'a witness cosigns again');
      if (outcome === 'cosigned') failing.delete(witness);
      else failing.add(witness);
    }
  };
}

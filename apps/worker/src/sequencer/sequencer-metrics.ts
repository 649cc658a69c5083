import type { Backlog, DrainRound } from '@karmanflow/events';
import { durationBucketsSeconds, type Metrics } from '@karmanflow/runtime';
import type { PublishOutcome } from './publish-decision.ts';
import { type Cosigning, witnessOutcomes } from './witnesses.ts';

const refusalCodes = ['memory_lost', 'rollback', 'fork', 'inconsistent', 'witnesses_missing'] as const;

export interface SequencerMetrics {
  readonly leading: (isLeading: boolean) => void;
  /** null for a round that failed. */
  readonly round: (round: { readonly done: DrainRound | null; readonly milliseconds: number }) => void;
  /** null for a publication that failed. */
  readonly published: (publication: { readonly outcome: PublishOutcome | null; readonly milliseconds: number }) => void;
  readonly backlog: (backlog: Backlog) => void;
  readonly cosigned: (cosigning: Omit<Cosigning, 'note'>) => void;
}

/** `witnesses` are the names of those who are asked; without any there are no metrics of them. */
export function createSequencerMetrics(metrics: Metrics, witnesses: readonly string[] = []): SequencerMetrics {
  const leading = metrics.gauge({
    name: 'kf_sequencer_leading',
    help: '1 while this process gives the positions, 0 while another one does or none.',
    labels: {},
  });
  const terms = metrics.counter({
    name: 'kf_sequencer_terms_total',
    help: 'Times that this process took over.',
    labels: {},
  });
  const rounds = metrics.counter({
    name: 'kf_sequencer_rounds_total',
    help: 'Rounds in which positions were given, in which nothing waited, and which failed.',
    labels: { outcome: ['worked', 'idle', 'failed'] },
  });
  const roundDuration = metrics.histogram({
    name: 'kf_sequencer_round_duration_seconds',
    help: 'One round in which positions were given.',
    labels: {},
    buckets: durationBucketsSeconds,
  });
  const positions = metrics.counter({
    name: 'kf_sequencer_positions_total',
    help: 'Positions that were given: leaves of the logs, events of the streams.',
    labels: { of: ['leaf', 'event'] },
  });
  const missing = metrics.counter({
    name: 'kf_sequencer_missing_receipts_total',
    help: 'Receipts that the queue named and that are not there: somebody wrote to the queue with SQL.',
    labels: {},
  });
  const waiting = metrics.gauge({
    name: 'kf_sequencer_pending_transactions',
    help: 'Transactions that wait for their positions, counted up to a thousand.',
    labels: {},
  });
  const oldest = metrics.gauge({
    name: 'kf_sequencer_oldest_pending_seconds',
    help: 'How long the first transaction of the queue has been waiting; 0 when none is.',
    labels: {},
  });
  const checkpoints = metrics.counter({
    name: 'kf_log_checkpoints_total',
    help: 'Checkpoints that were signed, archived and recorded.',
    labels: {},
  });
  const publications = metrics.counter({
    name: 'kf_log_publications_total',
    help: 'Publications of a decision, by their end.',
    labels: { outcome: ['published', 'refused', 'failed'] },
  });
  const refusals = metrics.counter({
    name: 'kf_log_refusals_total',
    help: 'Checkpoints that were not published: they contradict what was signed before, or wait for witnesses.',
    labels: { code: refusalCodes },
  });
  const publishDuration = metrics.histogram({
    name: 'kf_log_publish_duration_seconds',
    help: 'One publication, from the decision to its record.',
    labels: {},
    buckets: durationBucketsSeconds,
  });
  const cosigned = witnesses.length === 0 ? () => undefined : createWitnessMetrics(metrics, witnesses);
  leading.set({}, 0);
  waiting.set({}, 0);
  oldest.set({}, 0);
  return {
    cosigned,
    leading(isLeading) {
      leading.set({}, isLeading ? 1 : 0);
      if (isLeading) terms.increment({});
    },
    round({ done, milliseconds }) {
      if (done === null) return rounds.increment({ outcome: 'failed' });
      rounds.increment({ outcome: done.transactions > 0 ? 'worked' : 'idle' });
      if (done.transactions === 0) return;
      roundDuration.observe({}, milliseconds / 1000);
      positions.increment({ of: 'leaf' }, done.leaves);
      positions.increment({ of: 'event' }, done.events);
      if (done.missing.length > 0) missing.increment({}, done.missing.length);
    },
    published({ outcome, milliseconds }) {
      if (outcome === null) return publications.increment({ outcome: 'failed' });
      publications.increment({ outcome: outcome.ok ? 'published' : 'refused' });
      if (!outcome.ok) return refusals.increment({ code: outcome.code });
      publishDuration.observe({}, milliseconds / 1000);
      checkpoints.increment({}, outcome.checkpoints);
    },
    backlog({ transactions, oldestSeconds }) {
      waiting.set({}, transactions);
      oldest.set({}, oldestSeconds);
    },
  };
}

function createWitnessMetrics(metrics: Metrics, witnesses: readonly string[]): SequencerMetrics['cosigned'] {
  const answers = metrics.counter({
    name: 'kf_log_witness_answers_total',
    help: 'What came of asking each witness. ahead and fork: it has seen another history than there is here, or it lies.',
    labels: { witness: [...new Set(witnesses)], outcome: witnessOutcomes },
  });
  const quorums = metrics.counter({
    name: 'kf_log_quorums_total',
    help: 'Checkpoints of the log of logs, by whether enough witnesses cosigned.',
    labels: { outcome: ['reached', 'missed'] },
  });
  const missed = metrics.gauge({
    name: 'kf_log_quorums_missed_in_a_row',
    help: 'How often in a row too few witnesses have cosigned; 0 when the last time enough did.',
    labels: {},
  });
  let inARow = 0;
  missed.set({}, 0);
  return ({ hasQuorum, reports }) => {
    for (const { witness, outcome } of reports) answers.increment({ witness, outcome });
    quorums.increment({ outcome: hasQuorum ? 'reached' : 'missed' });
    inARow = hasQuorum ? 0 : inARow + 1;
    missed.set({}, inARow);
  };
}

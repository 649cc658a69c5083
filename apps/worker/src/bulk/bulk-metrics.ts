import type { Metrics } from '@karmanflow/runtime';
import { type PartOutcome, partOutcomes } from './send-part.ts';

/**
 * worked   something was under way there, and was gone on with
 * blocked  nothing can be done there: archived, without its principal, or denied by policy
 * failed   threw; the next round tries again
 */
export const visitOutcomes = ['worked', 'blocked', 'failed'] as const;
export type VisitOutcome = (typeof visitOutcomes)[number];

export interface BulkMetrics {
  readonly part: (outcome: PartOutcome) => void;
  readonly levels: (changed: number) => void;
  readonly visit: (outcome: VisitOutcome) => void;
  readonly round: (outcome: 'completed' | 'failed') => void;
}

export function createBulkMetrics(metrics: Metrics, monotonicNow: () => number): BulkMetrics {
  const parts = metrics.counter({
    name: 'kf_mass_cancel_parts_total',
    help: 'Reservations that a mass cancellation tried to cancel, by what became of it.',
    labels: { outcome: partOutcomes },
  });
  const levels = metrics.counter({
    name: 'kf_oversell_levels_changed_total',
    help: 'Levels that were brought to the oversell limit that their policies give them.',
    labels: {},
  });
  const visits = metrics.counter({
    name: 'kf_bulk_visits_total',
    help: 'Environments in which an operation was under way.',
    labels: { outcome: visitOutcomes },
  });
  const rounds = metrics.counter({
    name: 'kf_bulk_rounds_total',
    help: 'Rounds across all tenants that look for operations under way.',
    labels: { outcome: ['completed', 'failed'] },
  });
  let completedAt = monotonicNow();
  metrics.measured({
    name: 'kf_bulk_round_age_seconds',
    help: 'Time since such a round was completed.',
    read: () => (monotonicNow() - completedAt) / 1000,
  });
  return {
    part: (outcome) => parts.increment({ outcome }),
    levels: (changed) => levels.increment({}, changed),
    visit: (outcome) => visits.increment({ outcome }),
    round(outcome) {
      rounds.increment({ outcome });
      if (outcome === 'completed') completedAt = monotonicNow();
    },
  };
}

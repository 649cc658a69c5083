import { durationBucketsSeconds, type Metrics } from '@karmanflow/runtime';
import { type ExpiryOutcome, expiryOutcomes } from './expire-due.ts';
import type { SweepReport } from './create-sweeper.ts';
import { type ScopeOutcome, scopeOutcomes } from './sweep-scope.ts';

export interface SweeperMetrics {
  readonly expiry: (outcome: ExpiryOutcome) => void;
  readonly scope: (outcome: ScopeOutcome) => void;
  /** null for a sweep that could not read what is due. */
  readonly sweep: (sweep: { readonly report: SweepReport | null; readonly milliseconds: number }) => void;
}

export function createSweeperMetrics(metrics: Metrics, monotonicNow: () => number): SweeperMetrics {
  const expirations = metrics.counter({
    name: 'kf_expirations_total',
    help: 'Holds that were over and were tried to be ended, by what became of it.',
    labels: { outcome: expiryOutcomes },
  });
  const scopes = metrics.counter({
    name: 'kf_swept_environments_total',
    help: 'Environments that a sweep looked into.',
    labels: { outcome: scopeOutcomes },
  });
  const sweeps = metrics.counter({
    name: 'kf_sweeps_total',
    help: 'Sweeps across all tenants.',
    labels: { outcome: ['completed', 'failed'] },
  });
  const cleared = metrics.counter({
    name: 'kf_expiry_buckets_cleared_total',
    help: 'Minutes that were removed from the expiry schedule.',
    labels: {},
  });
  const duration = metrics.histogram({
    name: 'kf_sweep_duration_seconds',
    help: 'One sweep across all tenants.',
    labels: {},
    buckets: durationBucketsSeconds,
  });
  const oldestDue = metrics.gauge({
    name: 'kf_expiry_oldest_due_seconds',
    help: 'How long the longest overdue hold was over when the last sweep came to it; 0 when none was. Without archived environments.',
    labels: {},
  });
  let completedAt = monotonicNow();
  metrics.measured({
    name: 'kf_sweep_age_seconds',
    help: 'Time since a sweep was completed.',
    read: () => (monotonicNow() - completedAt) / 1000,
  });
  oldestDue.set({}, 0);
  return {
    expiry: (outcome) => expirations.increment({ outcome }),
    scope: (outcome) => scopes.increment({ outcome }),
    sweep({ report, milliseconds }) {
      duration.observe({}, milliseconds / 1000);
      sweeps.increment({ outcome: report ? 'completed' : 'failed' });
      if (!report) return;
      completedAt = monotonicNow();
      oldestDue.set({}, report.oldestDueSeconds);
      cleared.increment({}, report.bucketsCleared);
    },
  };
}

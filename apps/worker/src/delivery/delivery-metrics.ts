import { durationBucketsSeconds, type Metrics } from '@karmanflow/runtime';
import type { AttemptResult, DeliveryOverview, Removal, Visited } from '@karmanflow/webhooks';

const verdicts = ['delivered', 'failed', 'slow_down', 'gone', 'not_charged', 'unsendable'] as const;
const healthNames = ['HEALTHY', 'DEGRADED', 'SUSPENDED', 'GONE', 'PAUSED'] as const;
/** told: it is on record · unneeded: it was already · blocked: nobody may say it there · failed: later again. */
export const tellOutcomes = ['told', 'unneeded', 'blocked', 'failed'] as const;
export type TellOutcome = (typeof tellOutcomes)[number];

export interface DeliveryMetrics {
  readonly visited: (visit: Visited) => void;
  readonly visitFailed: () => void;
  readonly attempted: (result: AttemptResult) => void;
  readonly told: (outcome: TellOutcome) => void;
  readonly overview: (overview: DeliveryOverview) => void;
  readonly removed: (removal: Removal) => void;
  readonly removalFailed: () => void;
}

export function createDeliveryMetrics(metrics: Metrics, inFlight: () => number): DeliveryMetrics {
  const attempts = metrics.counter({
    name: 'kf_webhook_attempts_total',
    help: 'Requests to receivers that were recorded, by what they meant.',
    labels: { outcome: verdicts },
  });
  const duration = metrics.histogram({
    name: 'kf_webhook_attempt_duration_seconds',
    help: 'One request to a receiver, from resolving its name to the end of its answer.',
    labels: {},
    buckets: durationBucketsSeconds,
  });
  const admitted = metrics.counter({
    name: 'kf_webhook_deliveries_admitted_total',
    help: 'Deliveries that were made of events.',
    labels: {},
  });
  const fenced = metrics.counter({
    name: 'kf_webhook_results_fenced_off_total',
    help: 'Results of requests whose delivery another process had taken over, or had dropped.',
    labels: {},
  });
  const lost = metrics.counter({
    name: 'kf_webhook_leases_lost_total',
    help: 'Deliveries that were taken back from a process that did not say what became of them.',
    labels: {},
  });
  const failedVisits = metrics.counter({
    name: 'kf_webhook_visits_failed_total',
    help: 'Visits to a subscription that the database or a bug ended; each is made again.',
    labels: {},
  });
  const tellings = metrics.counter({
    name: 'kf_webhook_findings_told_total',
    help: 'Changes of health and ends of recoveries that were to be put on record.',
    labels: { outcome: tellOutcomes },
  });
  const removedDeliveries = metrics.counter({
    name: 'kf_webhook_deliveries_removed_total',
    help: 'Deliveries that were removed because they had ended longer ago than history is kept.',
    labels: {},
  });
  const removedAttempts = metrics.counter({
    name: 'kf_webhook_attempts_removed_total',
    help: 'Attempts that were removed together with their delivery.',
    labels: {},
  });
  const failedRemovals = metrics.counter({
    name: 'kf_webhook_removals_failed_total',
    help: 'Pieces of the removal of history that the database ended; each is tried again with the next walk.',
    labels: {},
  });
  const endpoints = metrics.gauge({
    name: 'kf_webhook_endpoints',
    help: 'Subscriptions of all tenants, by the health of their endpoint.',
    labels: { health: healthNames },
  });
  const lag = metrics.gauge({
    name: 'kf_webhook_oldest_due_seconds',
    help: 'For how long the subscription that is due first has been due; 0 when none is.',
    labels: {},
  });
  const behind = metrics.gauge({
    name: 'kf_webhook_subscriptions_behind',
    help: 'Subscriptions behind whose cursor the stream goes on.',
    labels: {},
  });
  metrics.measured({
    name: 'kf_webhook_requests_in_flight',
    help: 'Requests to receivers that this process has under way.',
    read: inFlight,
  });
  return {
    visited(visit) {
      for (const outcome of visit.verdicts) attempts.increment({ outcome });
      admitted.increment({}, visit.admitted);
      fenced.increment({}, visit.fencedOff);
      lost.increment({}, visit.lost);
    },
    visitFailed: () => failedVisits.increment({}),
    attempted({ result }) {
      if (result !== null) duration.observe({}, result.totalMilliseconds / 1000);
    },
    told: (outcome) => tellings.increment({ outcome }),
    overview({ endpoints: counts, oldestDueSeconds, behind: subscriptions }) {
      for (const health of healthNames) endpoints.set({ health }, counts[health] ?? 0);
      lag.set({}, oldestDueSeconds);
      behind.set({}, subscriptions);
    },
    removed({ deliveries, attempts: made }) {
      removedDeliveries.increment({}, deliveries);
      removedAttempts.increment({}, made);
    },
    removalFailed: () => failedRemovals.increment({}),
  };
}

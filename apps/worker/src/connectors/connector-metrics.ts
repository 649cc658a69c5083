import type { ConsumerObserver } from '@karmanflow/events';
import type { Logger, Metrics } from '@karmanflow/runtime';

/** Everything that follows the streams in this process. */
export const connectorNames = ['google_pubsub', 'data_lake', 'ingest_requests'] as const;
export type ConnectorName = (typeof connectorNames)[number];

export interface ConnectorMetrics {
  /** What the runner of a connector tells. */
  observer(connector: ConnectorName, logger: Logger): ConsumerObserver;
  readonly look: (connector: ConnectorName, outcome: 'completed' | 'failed') => void;
}

export function createConnectorMetrics(metrics: Metrics): ConnectorMetrics {
  const labels = { consumer: connectorNames };
  const events = metrics.counter({
    name: 'kf_consumer_events_total',
    help: 'Events that a consumer of the streams has done.',
    labels,
  });
  const failures = metrics.counter({
    name: 'kf_consumer_failures_total',
    help: 'Tries that failed: for want of something outside (later), or because of an event (event).',
    labels: { ...labels, kind: ['later', 'event'] },
  });
  const parked = metrics.counter({
    name: 'kf_consumer_parked_total',
    help: 'Events that failed however often they were tried, and wait for somebody.',
    labels,
  });
  const lagEvents = metrics.gauge({
    name: 'kf_consumer_lag_events',
    help: 'Events of all streams that a consumer has not done.',
    labels,
  });
  const lagSeconds = metrics.gauge({
    name: 'kf_consumer_lag_seconds',
    help: 'How long the first event has been waiting that a consumer has not done; 0 when none is.',
    labels,
  });
  const stopped = metrics.gauge({
    name: 'kf_consumer_stopped_streams',
    help: 'Streams that stand at an event that failed, until somebody decides.',
    labels,
  });
  const looks = metrics.counter({
    name: 'kf_consumer_looks_total',
    help: 'Rounds across all streams that look for something to do.',
    labels: { ...labels, outcome: ['completed', 'failed'] },
  });
  return {
    look: (consumer, outcome) => looks.increment({ consumer, outcome }),
    observer: (consumer, logger) => ({
      onMoved: (moved) => events.increment({ consumer }, moved.events),
      onFailure({ key, error, kind }) {
        failures.increment({ consumer, kind });
        logger[kind === 'event' ? 'error' : 'warn']({ err: error, ...key.scope, consumer }, 'events were not taken');
      },
      onParked({ key, seq, eventId, reason, isStopped }) {
        parked.increment({ consumer });
        logger.error(
          { ...key.scope, consumer, seq, eventId, reason, isStopped },
          'an event was parked: somebody has to look',
        );
      },
      onLag(lag) {
        lagEvents.set({ consumer }, lag.events);
        lagSeconds.set({ consumer }, lag.oldestSeconds);
        stopped.set({ consumer }, lag.stopped);
      },
    }),
  };
}

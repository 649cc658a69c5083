import { setTimeout as wait } from 'node:timers/promises';
import { registry } from '@karmanflow/commands';
import { createConsumerRunner } from '@karmanflow/events';
import type { Logger, Metrics } from '@karmanflow/runtime';
import type { Database } from '@karmanflow/schema';
import { createConnectorMetrics } from './connector-metrics.ts';
import type { Connector } from './open-connectors.ts';

export interface ConnectorsOptions {
  readonly database: Database;
  readonly connectors: readonly Connector[];
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly monotonicNow: () => number;
  /** A UUID: which process follows a stream stands beside its checkpoint. */
  readonly ownerId: string;
}

export interface Connectors {
  /** Begins nothing new, ends what is under way, and gives the streams back to whoever takes over. */
  stop(): Promise<void>;
}

/** Looks again and again, each connector for itself, so that one whose receiver is away holds up none of the others. */
export function startConnectors(options: ConnectorsOptions): Connectors {
  const { logger } = options;
  const metrics = createConnectorMetrics(options.metrics);
  const stopping = new AbortController();
  const { signal } = stopping;

  async function follow({ name, consumer, idlePauseMilliseconds, close }: Connector): Promise<void> {
    const runner = createConsumerRunner({
      database: options.database,
      consumers: [consumer],
      upcast: registry.upcast,
      ownerId: options.ownerId,
      monotonicNow: options.monotonicNow,
      observer: metrics.observer(name, logger),
    });
    let failures = 0;
    while (!signal.aborted) {
      let hasMore = false;
      try {
        hasMore = await runner.look(signal);
        metrics.look(name, 'completed');
        if (failures > 0) logger.info({ consumer: name, failures }, 'the streams can be followed again');
        failures = 0;
      } catch (error) {
        metrics.look(name, 'failed');
        failures += 1;
        logger[failures === 1 ? 'error' : 'debug']({ err: error, consumer: name }, 'the streams could not be followed');
      }
      if (!hasMore) await wait(idlePauseMilliseconds, undefined, { signal }).catch(() => undefined);
    }
    await runner.release().catch((error: unknown) => {
      logger.warn({ err: error, consumer: name }, 'streams were not given back: they are free when their leases end');
    });
    await close();
  }

  const ended = Promise.all(options.connectors.map(follow));
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

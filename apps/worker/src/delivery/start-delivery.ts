import { setTimeout as wait } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import type { Executor } from '@karmanflow/commands';
import type { Logger, Metrics } from '@karmanflow/runtime';
import type { Database } from '@karmanflow/schema';
import { findHistory, readDeliveryOverview, removeEnded } from '@karmanflow/webhooks';
import { createDispatcher } from './create-dispatcher.ts';
import { createDeliveryMetrics } from './delivery-metrics.ts';
import type { DeliveryParts } from './open-delivery.ts';
import { openNetwork } from './open-network.ts';
import { removeHistory } from './remove-history.ts';
import { createFindingTeller } from './tell-findings.ts';
import { workerDeliveryLimits } from './worker-delivery-limits.ts';

export interface DeliveryOptions extends DeliveryParts {
  /** As kf_worker, for what is put on record. */
  readonly workerDatabase: Database;
  readonly executor: Executor;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly monotonicNow: () => number;
}

export interface Delivery {
  /** Takes on nothing new, gives requests under way a moment, and records what became of them. */
  stop(): Promise<void>;
}

/** Delivers until stopped. A look for work that fails is logged, the first of a row as an error. */
export function startDelivery(options: DeliveryOptions): Delivery {
  const { logger, monotonicNow } = options;
  const uuidSource = (): string => Bun.randomUUIDv7();
  const network = options.network ?? openNetwork();
  const metrics = createDeliveryMetrics(options.metrics, () => dispatcher.inFlight());
  const teller = createFindingTeller({
    database: options.workerDatabase,
    executor: options.executor,
    logger,
    uuidSource,
    randomBytes,
    monotonicNow,
    onTold: metrics.told,
  });
  const dispatcher = createDispatcher({
    database: options.database,
    logger,
    metrics,
    teller,
    attempts: {
      master: options.master,
      policy: options.policy,
      network,
      egressProxy: options.egressProxy,
      randomBytes,
      random: Math.random,
    },
    uuidSource,
  });
  const stopping = new AbortController();
  const { signal } = stopping;
  const rest = async (milliseconds: number): Promise<void> => {
    await wait(milliseconds, undefined, { signal }).catch(() => undefined);
  };

  async function look(): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const startedAt = monotonicNow();
      try {
        await dispatcher.poll();
        if (failures > 0) logger.info({ failures }, 'deliveries are looked for again');
        failures = 0;
      } catch (error) {
        failures += 1;
        logger[failures === 1 ? 'error' : 'debug']({ err: error, failures }, 'deliveries could not be looked for');
      }
      const { pollMilliseconds, pollRestFactor } = workerDeliveryLimits;
      await rest(Math.max(pollMilliseconds, (monotonicNow() - startedAt) * pollRestFactor));
    }
  }

  async function watch(): Promise<void> {
    while (!signal.aborted) {
      await options.database
        .connection(readDeliveryOverview)
        .then(metrics.overview, (error: unknown) =>
          logger.debug({ err: error }, 'how deliveries stand could not be read'),
        );
      await rest(workerDeliveryLimits.overviewMilliseconds);
    }
  }

  async function forget(): Promise<void> {
    const { database, historyMilliseconds } = options;
    const history = {
      find: (after: Parameters<typeof findHistory>[1]) =>
        database.connection((connection) => findHistory(connection, after)),
      remove: (input: Parameters<typeof removeEnded>[1]) =>
        database.connection((connection) => removeEnded(connection, input)),
      logger,
      metrics,
      monotonicNow,
      rest,
      historyMilliseconds,
    };
    while (!signal.aborted) {
      await removeHistory(history, signal).catch((error: unknown) => {
        metrics.removalFailed();
        logger.warn({ err: error }, 'history of deliveries could not be looked for');
      });
      await rest(workerDeliveryLimits.removalMilliseconds);
    }
  }

  const ended = Promise.all([look(), watch(), forget()]);
  return {
    async stop() {
      stopping.abort();
      await Promise.all([ended, dispatcher.stop()]);
    },
  };
}

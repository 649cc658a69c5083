import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from '@karmanflow/runtime';
import type { BulkMetrics } from './bulk-metrics.ts';
import type { BulkRunner } from './create-bulk-runner.ts';

export interface BulkPorts {
  readonly runner: BulkRunner;
  readonly metrics: Pick<BulkMetrics, 'round'>;
  readonly logger: Logger;
  readonly monotonicNow: () => number;
  /** From the start of one round to the start of the next; one that takes longer is followed at once. */
  readonly intervalMilliseconds: number;
}

export interface Bulk {
  /** Begins nothing new and resolves when what is under way has ended. */
  stop(): Promise<void>;
}

/** Goes round again and again until stopped. A round that fails is logged, the first of a row as an error. */
export function startBulk(ports: BulkPorts): Bulk {
  const { runner, metrics, logger, monotonicNow, intervalMilliseconds } = ports;
  const stopping = new AbortController();
  const { signal } = stopping;
  let failures = 0;

  async function roundOnce(): Promise<void> {
    try {
      await runner.round(signal);
      metrics.round('completed');
      if (failures > 0) logger.info({ failures }, 'operations go on again');
      failures = 0;
    } catch (error) {
      metrics.round('failed');
      failures += 1;
      const fields = { err: error, failures };
      if (failures === 1) logger.error(fields, 'operations under way could not be looked for');
      else logger.debug(fields, 'operations under way could not be looked for again');
    }
  }

  async function loop(): Promise<void> {
    while (!signal.aborted) {
      const startedAt = monotonicNow();
      await roundOnce();
      const pause = Math.max(0, intervalMilliseconds - (monotonicNow() - startedAt));
      // Ends early, by a rejection, when it is stopped.
      await wait(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  const ended = loop();
  return {
    stop() {
      stopping.abort();
      return ended;
    },
  };
}

import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from '@karmanflow/runtime';
import type { Sweeper } from './create-sweeper.ts';
import type { SweeperMetrics } from './sweeper-metrics.ts';

export interface SweepingPorts {
  readonly sweeper: Sweeper;
  readonly metrics: Pick<SweeperMetrics, 'sweep'>;
  readonly logger: Logger;
  readonly monotonicNow: () => number;
  /** From the start of one sweep to the start of the next; a sweep that takes longer is followed at once. */
  readonly intervalMilliseconds: number;
}

export interface Sweeping {
  /** Begins nothing new and resolves when what is under way has ended. */
  stop(): Promise<void>;
}

/** Sweeps again and again until stopped. A sweep that fails is logged, the first of a row as an error. */
export function startSweeping(ports: SweepingPorts): Sweeping {
  const { sweeper, metrics, logger, monotonicNow, intervalMilliseconds } = ports;
  const stopping = new AbortController();
  const { signal } = stopping;
  let failures = 0;

  async function sweepOnce(): Promise<void> {
    const startedAt = monotonicNow();
    try {
      const report = await sweeper.sweep(signal);
      metrics.sweep({ report, milliseconds: monotonicNow() - startedAt });
      if (failures > 0) logger.info({ failures }, 'sweeping works again');
      failures = 0;
    } catch (error) {
      metrics.sweep({ report: null, milliseconds: monotonicNow() - startedAt });
      failures += 1;
      const fields = { err: error, failures };
      if (failures === 1) logger.error(fields, 'a sweep failed');
      else logger.debug(fields, 'a sweep failed again');
    }
  }

  async function loop(): Promise<void> {
    while (!signal.aborted) {
      const startedAt = monotonicNow();
      await sweepOnce();
      const pause = Math.max(0, intervalMilliseconds - (monotonicNow() - startedAt));
      // Ends early, by a rejection, when the sweeping is stopped.
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

import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { drainQueue, type Term, TermEnded } from '@karmanflow/events';
import type { Logger } from '@karmanflow/runtime';
import type { Database } from '@karmanflow/schema';
import type { Publisher } from './create-publisher.ts';
import type { PublishOutcome } from './publish-decision.ts';
import { readReceipt } from './read-receipt.ts';
import { sequencerLimits } from './sequencer-limits.ts';
import type { SequencerMetrics } from './sequencer-metrics.ts';

export interface TermPorts {
  readonly database: Database;
  readonly logger: Logger;
  readonly metrics: SequencerMetrics;
  readonly monotonicNow: () => number;
  /** Null where nothing is published: events have their order all the same. */
  readonly publisher: Publisher | null;
}

/**
 * Leads until stopped, or until the term is over: gives positions over the session that holds the lock, and publishes beside
 * it, so that a slow archive keeps no event waiting. Throws what ended the term.
 */
export async function runTerm(term: Term, ports: TermPorts, stopping: AbortSignal): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([stopping, over.signal]);
  const run = async (loop: Promise<void>): Promise<void> => loop.finally(() => over.abort());
  const ends = await Promise.allSettled([run(drainLoop(term, ports, signal)), run(publishLoop(ports, signal))]);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

async function drainLoop(term: Term, ports: TermPorts, signal: AbortSignal): Promise<void> {
  const { metrics, logger, publisher, monotonicNow } = ports;
  let failures = 0;
  let distrust = false;
  while (!signal.aborted) {
    const startedAt = monotonicNow();
    let pause: number = sequencerLimits.idlePauseMilliseconds;
    try {
      const done = await drainQueue(term.connection, { epoch: term.epoch, readReceipt, distrust });
      metrics.round({ done, milliseconds: monotonicNow() - startedAt });
      publisher?.grew(done.tenantIds);
      if (done.missing.length > 0)
        logger.error({ receiptIds: done.missing.slice(0, 10) }, 'the queue names receipts that are not there');
      if (done.transactions > 0) pause = done.isFull ? 0 : sequencerLimits.busyPauseMilliseconds;
      failures = 0;
      distrust = false;
    } catch (error) {
      metrics.round({ done: null, milliseconds: monotonicNow() - startedAt });
      failures += 1;
      if (error instanceof TermEnded || failures >= sequencerLimits.failuresPerTerm) throw error;
      distrust = isTaken(error);
      logger.warn({ err: error, distrust }, 'a round of the sequencer failed; the next one tries again');
    }
    await rest(pause, signal);
  }
}

async function publishLoop({ publisher, ...ports }: TermPorts, signal: AbortSignal): Promise<void> {
  if (publisher === null) return untilAborted(signal);
  let failures = 0;
  while (!signal.aborted) {
    const startedAt = ports.monotonicNow();
    const interval = publisher.hasMore() ? 0 : sequencerLimits.publishIntervalMilliseconds;
    let pause = interval;
    try {
      const outcome = await ports.database.connection((connection) => publisher.publish(connection));
      if (outcome) ports.metrics.published({ outcome, milliseconds: ports.monotonicNow() - startedAt });
      if (outcome && !outcome.ok) pause = pauseAfterRefusal(outcome, ports.logger);
      if (failures > 0) ports.logger.info({ failures }, 'publishing works again');
      failures = 0;
    } catch (error) {
      if (error instanceof TermEnded) throw error;
      ports.metrics.published({ outcome: null, milliseconds: ports.monotonicNow() - startedAt });
      failures += 1;
      pause = sequencerLimits.publishIntervalMilliseconds;
      ports.logger[failures === 1 ? 'error' : 'debug']({ err: error, failures }, 'checkpoints could not be published');
    }
    const passed = ports.monotonicNow() - startedAt;
    await rest(Math.max(0, pause - passed), signal);
  }
}

/** A log that contradicts what was signed does not mend itself; witnesses that are missing may come back. */
function pauseAfterRefusal({ code, origin }: PublishOutcome & { readonly ok: false }, logger: Logger): number {
  if (code === 'witnesses_missing') {
    logger.warn({ origin }, 'checkpoints wait: too few witnesses have cosigned');
    return sequencerLimits.quorumPauseMilliseconds;
  }
  logger.error({ code, origin }, 'the signer refuses a checkpoint: the log contradicts what was signed');
  return sequencerLimits.refusedPauseMilliseconds;
}

/** Whether a position was taken already (unique violation): something stands in the queue that was there before. */
function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '23505';
}

/** Ends early, without a sound, when everything is stopped. */
async function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  await wait(milliseconds, undefined, { signal }).catch(() => undefined);
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

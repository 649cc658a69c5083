import { setTimeout as wait } from 'node:timers/promises';
import type { Logger, Metrics } from '@karmanflow/runtime';
import type { Database } from '@karmanflow/schema';
import { checkIntegrity, type IntegrityPorts } from './check-integrity.ts';
import { findingCodes, type IntegrityReport } from './integrity-finding.ts';
import { integrityLimits } from './integrity-limits.ts';
import { createIntegrityMetrics } from './integrity-metrics.ts';

/** What the integrity check stands on, opened. */
export interface IntegrityParts extends Omit<IntegrityPorts, 'sequencerDatabase'> {
  /** Of the role kf_read; closed by who stops the process. */
  readonly database: Database;
}

export interface IntegrityOptions extends IntegrityPorts {
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly monotonicNow: () => number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** `integrityLimits.lookMilliseconds` unless a test has less time. */
  readonly lookMilliseconds?: number;
}

export interface IntegrityWatch {
  /** Begins nothing new, and resolves when what is under way has ended at the next tenant. */
  stop(): Promise<void>;
}

/** Any constant will do: of several workers one checks. */
const integrityLock = 4_711_012;
const dayMilliseconds = 86_400_000;

/** The first instant after `from` at which the check is due: once a day, at an hour of little traffic. */
export function nextCheckAt(from: number): number {
  const today = from - (from % dayMilliseconds) + integrityLimits.hourUtc * 3_600_000;
  return today > from ? today : today + dayMilliseconds;
}

/** Checks the integrity of everything once a day, in one of the workers, until stopped. */
export function startIntegrity(options: IntegrityOptions): IntegrityWatch {
  const { database, logger, now, monotonicNow, lookMilliseconds = integrityLimits.lookMilliseconds } = options;
  const metrics = createIntegrityMetrics(options.metrics);
  const stopping = new AbortController();
  const { signal } = stopping;
  let dueAt = nextCheckAt(now());

  async function check(): Promise<void> {
    const startedAt = monotonicNow();
    try {
      const report = await whenAlone(database, () => checkIntegrity(options, signal));
      if (report === null || signal.aborted) return;
      metrics.run({ report, milliseconds: monotonicNow() - startedAt, atSeconds: now() / 1000 });
      logReport(logger, report);
    } catch (error) {
      // What is cut off because the process stops says nothing.
      if (signal.aborted) return;
      metrics.run({ report: null, milliseconds: monotonicNow() - startedAt, atSeconds: now() / 1000 });
      logger.error({ err: error }, 'the integrity check could not be carried out');
    }
  }

  async function loop(): Promise<void> {
    while (!signal.aborted) {
      if (now() >= dueAt) {
        dueAt = nextCheckAt(now());
        await check();
      }
      await wait(lookMilliseconds, undefined, { signal }).catch(() => undefined);
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

/** Null when another process is at it already. The session that holds the lock ends with it. */
async function whenAlone<T>(database: Database, work: () => Promise<T>): Promise<T | null> {
  return database.connection(async (connection, discard) => {
    const { rows } = await connection.query(`select pg_try_advisory_lock(${integrityLock}) as alone`);
    if (rows[0]?.alone !== true) return null;
    try {
      return await work();
    } finally {
      discard();
    }
  });
}

function logReport(logger: Logger, report: IntegrityReport): void {
  const { findings, counts, tenants, receipts, events, rows } = report;
  const looked = { tenants, receipts, events, rows };
  if (findings.length === 0) return logger.info(looked, 'the integrity check found nothing');
  logger.error({ ...looked, counts }, 'the integrity check found what nobody could have done through commands');
  for (const { code, subject, detail } of findings.slice(0, integrityLimits.findingsLogged)) {
    logger.error({ code, subject, detail }, findingCodes[code]);
  }
}

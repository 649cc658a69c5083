import { availableParallelism } from 'node:os';
import { createExecutor, type Executor, type ExecutorObserver, registry } from '@karmanflow/commands';
import type { ReceiptSigner } from '@karmanflow/receipts';
import type { Database } from '@karmanflow/schema';
import { trace } from '@opentelemetry/api';
import type { Logger } from './logging/logger.ts';
import { durationBucketsSeconds, type Metrics } from './metrics/create-metrics.ts';

export interface ExecutorComposition {
  readonly database: Database;
  readonly signer: ReceiptSigner;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly transactionsMax?: number;
}

const batchBuckets = [1, 2, 4, 8, 16, 32, 64, 128, 256] as const;

/** The executor of a process: the registry of this build over the real clock, randomness, tracer and metrics. */
export function composeExecutor(composition: ExecutorComposition): Executor {
  const { database, signer, logger, metrics } = composition;
  const executor = createExecutor({
    registry,
    database,
    signer,
    tracer: trace.getTracer('karmanflow.commands'),
    uuidSource: () => Bun.randomUUIDv7(),
    monotonicNow: () => performance.now(),
    sleep: (milliseconds) => Bun.sleep(milliseconds),
    every: (milliseconds, callback) => {
      const timer = setInterval(callback, milliseconds);
      return () => clearInterval(timer);
    },
    lanesPerScope: Math.max(1, Math.floor(availableParallelism() / 2)),
    observer: observerOf(metrics),
    onError: (error, detail) => logger.error({ err: error, ...detail }, 'command failed'),
    ...(composition.transactionsMax === undefined ? {} : { transactionsMax: composition.transactionsMax }),
  });
  metrics.measured({
    name: 'kf_queue_waiting_commands',
    help: 'Commands that wait for a transaction.',
    read: () => executor.load().waiting,
  });
  metrics.measured({
    name: 'kf_queue_running_commands',
    help: 'Commands inside a transaction.',
    read: () => executor.load().running,
  });
  metrics.measured({
    name: 'kf_database_connections',
    help: 'Open connections of the pool.',
    read: () => database.load().total,
  });
  metrics.measured({
    name: 'kf_database_waiting_callers',
    help: 'Callers that wait for a connection.',
    read: () => database.load().waiting,
  });
  return executor;
}

function observerOf(metrics: Metrics): ExecutorObserver {
  const commandTypes = [...registry.commands.keys()];
  const outcomes = metrics.counter({
    name: 'kf_commands_total',
    help: 'Commands by type and outcome: a receipt status, or the code of what kept it from one.',
    labels: {
      command: commandTypes,
      outcome: ['SUCCEEDED', 'REFUSED', 'DENIED', 'PENDING_APPROVAL', 'REJECTED'],
      replayed: ['true', 'false'],
    },
  });
  const duration = metrics.histogram({
    name: 'kf_command_duration_seconds',
    help: 'From acceptance to answer.',
    labels: { command: commandTypes },
    buckets: durationBucketsSeconds,
  });
  const batch = metrics.histogram({
    name: 'kf_batch_commands_units',
    help: 'Commands that shared a transaction.',
    labels: { failed: ['true', 'false'] },
    buckets: batchBuckets,
  });
  const batchDuration = metrics.histogram({
    name: 'kf_batch_duration_seconds',
    help: 'From the start of a batch to its commit, with repetitions.',
    labels: { failed: ['true', 'false'] },
    buckets: durationBucketsSeconds,
  });
  const receiptStatuses = new Set(['SUCCEEDED', 'REFUSED', 'DENIED', 'PENDING_APPROVAL'] as const);
  const isReceiptStatus = (text: string): text is 'SUCCEEDED' | 'REFUSED' | 'DENIED' | 'PENDING_APPROVAL' =>
    (receiptStatuses as ReadonlySet<string>).has(text);
  return {
    onCommand({ type, outcome, replayed, milliseconds }) {
      outcomes.increment({
        command: type,
        outcome: isReceiptStatus(outcome) ? outcome : 'REJECTED',
        replayed: replayed ? 'true' : 'false',
      });
      duration.observe({ command: type }, milliseconds / 1000);
    },
    onBatch({ commands, milliseconds, failed }) {
      const labels = { failed: failed ? 'true' : 'false' } as const;
      batch.observe(labels, commands);
      batchDuration.observe(labels, milliseconds / 1000);
    },
  };
}

import { randomBytes } from 'node:crypto';
import {
  composeExecutor,
  createDatabaseReadiness,
  createMetrics,
  type Logger,
  type Profile,
  type ReceiptKeyring,
  serveHttp,
  serveMetrics,
  stopInOrder,
  type StopStep,
  type Telemetry,
} from '@karmanflow/runtime';
import { type Database, limits } from '@karmanflow/schema';
import { bulkLimits } from './bulk/bulk-limits.ts';
import { createBulkMetrics } from './bulk/bulk-metrics.ts';
import { createBulkRunner } from './bulk/create-bulk-runner.ts';
import { startBulk } from './bulk/start-bulk.ts';
import type { ConnectorParts } from './connectors/open-connectors.ts';
import { startConnectors } from './connectors/start-connectors.ts';
import { createApp } from './create-app.ts';
import type { DeliveryParts } from './delivery/open-delivery.ts';
import { startDelivery } from './delivery/start-delivery.ts';
import { type IntegrityParts, startIntegrity } from './integrity/start-integrity.ts';
import type { SequencerParts } from './sequencer/open-sequencer.ts';
import { startSequencer } from './sequencer/start-sequencer.ts';
import { createSweeper } from './sweeper/create-sweeper.ts';
import { startSweeping } from './sweeper/start-sweeping.ts';
import { createSweeperMetrics } from './sweeper/sweeper-metrics.ts';
import { workerLimits } from './worker-limits.ts';

export interface WorkerOptions {
  readonly profile: Profile;
  /** 0 for any free port. */
  readonly port: number;
  readonly metricsPort: number;
  /** Opened as kf_worker; closed when the process stops. */
  readonly database: Database;
  readonly signer: ReceiptKeyring['signer'];
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  /** Null where this process gives no positions. Its database is closed when the process stops. */
  readonly sequencer?: SequencerParts | null;
  /** Null where this process sends no webhooks. Its database is closed when the process stops. */
  readonly delivery?: DeliveryParts | null;
  /** Null where this process checks no integrity. Its database is closed when the process stops. */
  readonly integrity?: IntegrityParts | null;
  /** Null where this process follows no stream for others. Its database is closed when the process stops. */
  readonly connectors?: ConnectorParts | null;
  /** `limits.sweepIntervalMilliseconds` unless a test has less time. */
  readonly sweepIntervalMilliseconds?: number;
  /** `bulkLimits.settleMilliseconds` unless a test has less time. */
  readonly settleMilliseconds?: number;
}

export interface Worker {
  readonly port: number;
  readonly metricsPort: number;
  /** Begins no sweep any more, ends the one under way, and closes what was opened. */
  stop(): Promise<void>;
}

/** Joins the worker together and starts it. Throws `PortUnavailable`; whatever began before is stopped then. */
export async function createWorker(options: WorkerOptions): Promise<Worker> {
  const { profile, database, logger, telemetry, signer } = options;
  // On one machine nobody else needs to reach it; elsewhere the platform stands before it.
  const hostname = profile === 'local' ? '127.0.0.1' : '0.0.0.0';
  const monotonicNow = (): number => performance.now();
  const metrics = createMetrics({ app: 'worker' });
  const sweeperMetrics = createSweeperMetrics(metrics, monotonicNow);
  const transactionsMax = limits.poolConnections - workerLimits.readConnections;
  const executor = composeExecutor({ database, signer, logger, metrics, transactionsMax });
  const others = [options.sequencer, options.integrity, options.connectors, options.delivery].flatMap(
    (parts) => parts?.database ?? [],
  );
  const databases = [database, ...others];
  const readiness = createDatabaseReadiness(databases, {
    deadlineMilliseconds: workerLimits.readinessDeadlineMilliseconds,
    keptMilliseconds: workerLimits.readinessKeptMilliseconds,
    monotonicNow,
  });
  const app = createApp({ profile, isReady: () => readiness.check() });
  const http = serveHttp({
    port: options.port,
    hostname,
    fetch: (request) => app.fetch(request),
    maxRequestBodyBytes: workerLimits.requestBodyBytes,
    idleTimeoutSeconds: workerLimits.idleTimeoutSeconds,
    logger,
    drainMilliseconds: workerLimits.stopStepMilliseconds,
  });
  let metricsServer: ReturnType<typeof serveMetrics>;
  try {
    metricsServer = serveMetrics({ port: options.metricsPort, hostname, metrics, logger });
  } catch (error) {
    await http.stop();
    throw error;
  }
  const sweeping = startSweeping({
    sweeper: createSweeper({
      database,
      executor,
      logger,
      tracer: telemetry.tracer,
      uuidSource: () => Bun.randomUUIDv7(),
      randomBytes,
      monotonicNow,
      onExpiry: sweeperMetrics.expiry,
      onScope: sweeperMetrics.scope,
    }),
    metrics: sweeperMetrics,
    logger,
    monotonicNow,
    intervalMilliseconds: options.sweepIntervalMilliseconds ?? limits.sweepIntervalMilliseconds,
  });
  const bulkMetrics = createBulkMetrics(metrics, monotonicNow);
  const bulk = startBulk({
    runner: createBulkRunner({
      database,
      executor,
      logger,
      tracer: telemetry.tracer,
      uuidSource: () => Bun.randomUUIDv7(),
      randomBytes,
      monotonicNow,
      settleMilliseconds: options.settleMilliseconds ?? bulkLimits.settleMilliseconds,
      lookAgainMilliseconds: bulkLimits.lookAgainMilliseconds,
      onPart: bulkMetrics.part,
      onLevels: bulkMetrics.levels,
      onVisit: bulkMetrics.visit,
    }),
    metrics: bulkMetrics,
    logger,
    monotonicNow,
    intervalMilliseconds: options.sweepIntervalMilliseconds ?? limits.sweepIntervalMilliseconds,
  });
  const parts = options.sequencer ?? null;
  const sequencer = parts && startSequencer({ ...parts, logger, metrics, monotonicNow, leaderId: Bun.randomUUIDv7() });
  const connectors =
    options.connectors &&
    startConnectors({ ...options.connectors, logger, metrics, monotonicNow, ownerId: Bun.randomUUIDv7() });
  const delivery =
    options.delivery &&
    startDelivery({ ...options.delivery, workerDatabase: database, executor, logger, metrics, monotonicNow });
  const integrity =
    parts &&
    options.integrity &&
    startIntegrity({
      ...options.integrity,
      sequencerDatabase: parts.database,
      logger,
      metrics,
      monotonicNow,
      now: () => Date.now(),
    });
  const stopWork = async (): Promise<void> =>
    void (await Promise.all([sweeping, bulk, sequencer, connectors, delivery, integrity].map((one) => one?.stop())));
  const deadlineMilliseconds = workerLimits.stopStepMilliseconds;
  const steps: StopStep[] = [
    { name: 'sweeping', stop: stopWork, deadlineMilliseconds: workerLimits.sweepStopMilliseconds },
    { name: 'executor', stop: async () => void (await executor.drain(deadlineMilliseconds)), deadlineMilliseconds },
    { name: 'http', stop: () => http.stop(), deadlineMilliseconds: deadlineMilliseconds * 2 },
    {
      name: 'database',
      stop: async () => void (await Promise.all(databases.map((one) => one.close()))),
      deadlineMilliseconds,
    },
    { name: 'metrics', stop: () => metricsServer.stop(), deadlineMilliseconds },
    {
      name: 'telemetry',
      stop: () => telemetry.shutdown(),
      deadlineMilliseconds: workerLimits.telemetryStopMilliseconds,
    },
  ];
  return { port: http.port, metricsPort: metricsServer.port, stop: () => stopInOrder(steps, logger) };
}

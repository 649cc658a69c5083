import { randomBytes } from 'node:crypto';
import {
  composeExecutor,
  createDatabaseReadiness,
  createMetrics,
  type Logger,
  type Profile,
  mintTraceparent,
  readSecretText,
  type ReceiptKeyring,
  type SecretReference,
  type SecretStore,
  SecretUnavailable,
  serveHttp,
  serveMetrics,
  stopInOrder,
  type Telemetry,
} from '@karmanflow/runtime';
import { type Database, limits, newId } from '@karmanflow/schema';
import { generateWebhookSecret } from '@karmanflow/webhooks';
import { createSourceAdmission } from './admission/source-admission.ts';
import { ingestLimits } from './ingest-limits.ts';
import { createMessageLookUps } from './message-look-ups.ts';
import { createIngestMetrics } from './ingest-metrics.ts';
import { createRequestCarrier } from './quarantine/carry-out.ts';
import { parseQuarantineKeys } from './quarantine/seal-message.ts';
import { createApp } from './routes/create-app.ts';
import { createSourceDirectory } from './sources.ts';

export interface IngestOptions {
  readonly profile: Profile;
  /** 0 for any free port. */
  readonly port: number;
  readonly metricsPort: number;
  /** Opened as kf_ingest; closed when the process stops. */
  readonly database: Database;
  readonly signer: ReceiptKeyring['signer'];
  readonly secretStore: SecretStore;
  /** Of the key under which messages are held; read when the first one has to be. */
  readonly quarantineKeyRef: SecretReference;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
}

export interface Ingest {
  readonly port: number;
  readonly metricsPort: number;
  /** Takes no more deliveries, answers those under way, and closes what was opened. */
  stop(): Promise<void>;
}

/** Joins ingest together and serves it. Throws `PortUnavailable`; whatever began before is stopped then. */
export async function createIngest(options: IngestOptions): Promise<Ingest> {
  const { profile, database, logger, telemetry } = options;
  // On one machine nobody else needs to reach it; elsewhere the platform stands before it.
  const hostname = profile === 'local' ? '127.0.0.1' : '0.0.0.0';
  const metrics = createMetrics({ app: 'ingest' });
  const executor = composeExecutor({
    database,
    signer: options.signer,
    logger,
    metrics,
    transactionsMax: limits.poolConnections - ingestLimits.lookUpConnections,
  });
  const now = (): number => Date.now();
  const monotonicNow = (): number => performance.now();
  const readiness = createDatabaseReadiness([database], {
    deadlineMilliseconds: ingestLimits.readinessDeadlineMilliseconds,
    keptMilliseconds: ingestLimits.readinessKeptMilliseconds,
    monotonicNow,
  });
  const uuidSource = (): string => Bun.randomUUIDv7();
  const { secretStore } = options;
  const admission = createSourceAdmission({ monotonicNow });
  const messages = {
    database,
    lookUps: createMessageLookUps(database),
    executor,
    secretStore,
    logger,
    randomBytes,
    sources: createSourceDirectory({ database, now, monotonicNow, mayLookUp: () => admission.lookUp().ok }),
    readQuarantineKeys: () => readQuarantineKeys(options),
  };
  const carrier = createRequestCarrier({
    ...messages,
    monotonicNow,
    newIdentity: () => ({
      requestId: newId('request', uuidSource),
      correlationId: newId('correlation', uuidSource),
      traceparent: mintTraceparent(randomBytes),
    }),
  });
  const app = createApp({
    profile,
    receive: { ...messages, admission, carrier, now, decoySecret: generateWebhookSecret(randomBytes) },
    metrics: createIngestMetrics(metrics),
    logger,
    tracer: telemetry.tracer,
    uuidSource,
    randomBytes,
    monotonicNow,
    isReady: () => readiness.check(),
  });
  const http = serveHttp({
    port: options.port,
    hostname,
    fetch: (request) => app.fetch(request),
    maxRequestBodyBytes: ingestLimits.serverBodyBytes,
    idleTimeoutSeconds: ingestLimits.idleTimeoutSeconds,
    logger,
    drainMilliseconds: ingestLimits.httpDrainMilliseconds,
  });
  let metricsServer: ReturnType<typeof serveMetrics>;
  try {
    metricsServer = serveMetrics({ port: options.metricsPort, hostname, metrics, logger });
  } catch (error) {
    await http.stop();
    throw error;
  }
  const deadlineMilliseconds = ingestLimits.stopStepMilliseconds;
  return {
    port: http.port,
    metricsPort: metricsServer.port,
    stop: () =>
      stopInOrder(
        [
          {
            name: 'http',
            stop: () => http.stop(),
            deadlineMilliseconds: ingestLimits.httpDrainMilliseconds + deadlineMilliseconds,
          },
          { name: 'requests', stop: () => carrier.idle(), deadlineMilliseconds },
          {
            name: 'executor',
            stop: async () => void (await executor.drain(deadlineMilliseconds)),
            deadlineMilliseconds,
          },
          { name: 'database', stop: () => database.close(), deadlineMilliseconds },
          { name: 'metrics', stop: () => metricsServer.stop(), deadlineMilliseconds },
          {
            name: 'telemetry',
            stop: () => telemetry.shutdown(),
            deadlineMilliseconds: ingestLimits.telemetryStopMilliseconds,
          },
        ],
        logger,
      ),
  };
}

async function readQuarantineKeys({
  secretStore,
  quarantineKeyRef: reference,
}: IngestOptions): Promise<readonly Uint8Array[]> {
  const keys = parseQuarantineKeys(await readSecretText(secretStore, reference));
  if (keys === null)
    throw new SecretUnavailable({ code: 'value_corrupt', reference, detail: 'not base64 of 32 bytes' });
  return keys;
}

import {
  bootDatabase,
  type Configuration,
  loadReceiptKeyring,
  type Logger,
  openSecretStore,
  readSecretText,
  startTelemetry,
} from '@karmanflow/runtime';
import type { configurationShape } from './configuration.ts';
import { type ConnectorParts, openConnectors } from './connectors/open-connectors.ts';
import { createWorker, type Worker } from './create-worker.ts';
import { type DeliveryParts, openDelivery } from './delivery/open-delivery.ts';
import { openIntegrity } from './integrity/open-integrity.ts';
import type { IntegrityParts } from './integrity/start-integrity.ts';
import { openSequencer, type SequencerParts } from './sequencer/open-sequencer.ts';
import { workerLimits } from './worker-limits.ts';

/** Opens everything that the worker stands on, in order, and starts it. What was opened before a failure is closed again. */
export async function startWorker(
  configuration: Configuration<typeof configurationShape>,
  logger: Logger,
): Promise<Worker> {
  const { KF_PROFILE: profile, KF_SYNCHRONOUS_COMMIT: synchronousCommit } = configuration;
  if (profile !== 'local' && synchronousCommit === 'off') {
    throw new Error('KF_SYNCHRONOUS_COMMIT=off is for the profile local: elsewhere a crash must lose nothing');
  }
  const ttlMilliseconds = workerLimits.secretCacheMilliseconds;
  const secretStore = openSecretStore(configuration.KF_SECRETS, { ttlMilliseconds });
  const { signer, keySet } = await loadReceiptKeyring(secretStore, configuration.KF_RECEIPT_KEYRING_REF);
  const url = await readSecretText(secretStore, configuration.KF_DATABASE_URL_REF);
  const settings: Record<string, string> = synchronousCommit === 'off' ? { synchronous_commit: 'off' } : {};
  const database = await bootDatabase({ url, role: 'kf_worker', profile, applicationName: 'worker', logger, settings });
  let sequencer: SequencerParts | null = null;
  let delivery: DeliveryParts | null = null;
  let connectors: ConnectorParts | null = null;
  let integrity: IntegrityParts | null = null;
  try {
    sequencer = await openSequencer(configuration, { secretStore, profile, logger });
    connectors = await openConnectors(configuration, { url, profile, logger });
    delivery = await openDelivery(configuration, { secretStore, profile, logger });
    integrity = await openIntegrity(configuration, { secretStore, profile, logger, keySet });
    const endpoint = configuration.OTEL_EXPORTER_OTLP_ENDPOINT;
    const telemetry = await startTelemetry({ serviceName: 'worker', endpoint, logger });
    const { KF_PORT: port, KF_METRICS_PORT: metricsPort } = configuration;
    const parts = { database, signer, logger, telemetry, sequencer, integrity, connectors, delivery };
    const worker = await createWorker({ profile, port, metricsPort, ...parts });
    logger.info({ port: worker.port, metricsPort: worker.metricsPort }, 'serving');
    return worker;
  } catch (error) {
    await integrity?.database.close();
    const others = [sequencer, connectors, delivery].map((parts) => parts?.database.close());
    await Promise.all([database.close(), ...others]);
    throw error;
  }
}

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
import { createIngest, type Ingest } from './create-ingest.ts';
import { ingestLimits } from './ingest-limits.ts';

/** Opens everything that ingest stands on, in order, and serves. What was opened before a failure is closed again. */
export async function startIngest(
  configuration: Configuration<typeof configurationShape>,
  logger: Logger,
): Promise<Ingest> {
  const { KF_PROFILE: profile, KF_SYNCHRONOUS_COMMIT: synchronousCommit } = configuration;
  if (profile !== 'local' && synchronousCommit === 'off') {
    throw new Error('KF_SYNCHRONOUS_COMMIT=off is for the profile local: elsewhere a crash must lose nothing');
  }
  const ttlMilliseconds = ingestLimits.secretCacheMilliseconds;
  const secretStore = openSecretStore(configuration.KF_SECRETS, { ttlMilliseconds });
  const { signer } = await loadReceiptKeyring(secretStore, configuration.KF_RECEIPT_KEYRING_REF);
  const url = await readSecretText(secretStore, configuration.KF_DATABASE_URL_REF);
  const settings: Record<string, string> = synchronousCommit === 'off' ? { synchronous_commit: 'off' } : {};
  const database = await bootDatabase({ url, role: 'kf_ingest', profile, applicationName: 'ingest', logger, settings });
  try {
    const endpoint = configuration.OTEL_EXPORTER_OTLP_ENDPOINT;
    const telemetry = await startTelemetry({ serviceName: 'ingest', endpoint, logger });
    const { KF_PORT: port, KF_METRICS_PORT: metricsPort, KF_QUARANTINE_KEY_REF: quarantineKeyRef } = configuration;
    const parts = { database, signer, secretStore, quarantineKeyRef, logger, telemetry };
    const ingest = await createIngest({ profile, port, metricsPort, ...parts });
    logger.info({ port: ingest.port, metricsPort: ingest.metricsPort }, 'serving');
    return ingest;
  } catch (error) {
    await database.close();
    throw error;
  }
}

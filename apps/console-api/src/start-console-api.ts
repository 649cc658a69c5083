import { registry } from '@karmanflow/commands';
import {
  bootDatabase,
  type BootDatabaseOptions,
  composeExecutor,
  createMetrics,
  loadReceiptKeyring,
  type LogArchive,
  type Logger,
  openLogArchive,
  openSecretStore,
  readSecretText,
  type RunningProcess,
  serveHttp,
  serveMetrics,
  startTelemetry,
  stopInOrder,
} from '@karmanflow/runtime';
import { type Database, limits } from '@karmanflow/schema';
import { requireWebhookMaster, type WebhookMaster } from '@karmanflow/webhooks';
import type { ConsoleApiConfiguration } from './configuration.ts';
import { createConsoleApi } from './create-console-api.ts';
import type { SessionParts } from './sessions/create-sessions.ts';
import { readLoginSettings } from './sessions/login-settings.ts';
import { sessionLimits } from './sessions/session-limits.ts';

const app = 'console-api';
/** Longer than a command may take: Bun closes a connection on which nothing happens, also while it is worked for. */
const idleTimeoutSeconds = 30;
/** Above the bound of a body, so that the refusal of one that is somewhat too large explains itself. */
const maxRequestBodyBytes = 2 * limits.requestBodyBytes;
const secretTtlMilliseconds = 60_000;

export interface ConsoleApiProcess extends RunningProcess {
  readonly port: number;
  readonly metricsPort: number;
}

/** Opens everything that the API stands on, in order, and serves. What was opened before a failure is closed again. */
export async function startConsoleApi(
  configuration: ConsoleApiConfiguration,
  logger: Logger,
): Promise<ConsoleApiProcess> {
  const { KF_PROFILE: profile, KF_SYNCHRONOUS_COMMIT: synchronousCommit } = configuration;
  if (profile !== 'local' && synchronousCommit === 'off') {
    throw new Error('KF_SYNCHRONOUS_COMMIT=off is for the profile local: elsewhere a crash must lose nothing');
  }
  const secrets = openSecretStore(configuration.KF_SECRETS, { ttlMilliseconds: secretTtlMilliseconds });
  const keyring = await loadReceiptKeyring(secrets, configuration.KF_RECEIPT_KEYRING_REF);
  const url = await readSecretText(secrets, configuration.KF_DATABASE_URL_REF);
  const readUrl = await readSecretText(secrets, configuration.KF_READ_DATABASE_URL_REF);
  const { KF_WEBHOOK_MASTER_REF: masterRef } = configuration;
  const webhookMaster = masterRef && requireWebhookMaster(await readSecretText(secrets, masterRef));
  const login = await readLoginSettings(configuration, secrets);
  const telemetry = await startTelemetry({
    serviceName: app,
    endpoint: configuration.OTEL_EXPORTER_OTLP_ENDPOINT,
    logger,
  });
  const { KF_LOG_ARCHIVE: archive } = configuration;
  const logArchive = archive && (await openLogArchive(archive, { profile, logger, access: 'read' }));
  if (logArchive === null)
    logger[profile === 'local' ? 'info' : 'warn']({}, 'receipts have no proofs: no archive is named');
  const opened: Database[] = [];
  try {
    const boot = async (options: Pick<BootDatabaseOptions, 'url' | 'role' | 'settings' | 'connectionsMax'>) => {
      const database = await bootDatabase({ ...options, profile, applicationName: app, logger });
      opened.push(database);
      return database;
    };
    const settings: Record<string, string> = synchronousCommit === 'off' ? { synchronous_commit: 'off' } : {};
    const database = await boot({ url, role: 'kf_command', settings });
    const readDatabase = await boot({ url: readUrl, role: 'kf_read' });
    const opening = { configuration, logger, keyring, telemetry, database, readDatabase, logArchive, webhookMaster };
    if (login === null) return serve({ ...opening, sessions: null });
    const { databaseUrl, ...people } = login;
    const loginDatabase = await boot({
      url: databaseUrl,
      role: 'kf_login',
      connectionsMax: sessionLimits.loginConnections,
    });
    return serve({ ...opening, sessions: { ...people, loginDatabase } });
  } catch (error) {
    await Promise.all(opened.map((database) => database.close()));
    await telemetry.shutdown();
    throw error;
  }
}

interface Foundations {
  readonly configuration: ConsoleApiConfiguration;
  readonly logger: Logger;
  readonly keyring: Awaited<ReturnType<typeof loadReceiptKeyring>>;
  readonly telemetry: Awaited<ReturnType<typeof startTelemetry>>;
  readonly database: Database;
  readonly readDatabase: Database;
  readonly logArchive: LogArchive | null;
  readonly webhookMaster: WebhookMaster | null;
  readonly sessions: SessionParts | null;
}

function serve(foundations: Foundations): ConsoleApiProcess {
  const { configuration, logger, keyring, telemetry, database, readDatabase, logArchive, webhookMaster, sessions } =
    foundations;
  const databases = [database, readDatabase, ...(sessions === null ? [] : [sessions.loginDatabase])];
  const { KF_PROFILE: profile, KF_PUBLIC_URL: publicUrl } = configuration;
  const metrics = createMetrics({ app });
  const executor = composeExecutor({ database, signer: keyring.signer, logger, metrics });
  const api = createConsoleApi({
    registry,
    executor,
    database,
    readDatabase,
    keySet: keyring.keySet,
    signer: keyring.signer,
    tracer: telemetry.tracer,
    logger,
    metrics,
    profile,
    publicUrl,
    logArchive,
    logKeys: configuration.KF_LOG_KEYS ?? [],
    webhookMaster,
    platformTenantId: () => configuration.KF_PLATFORM_TENANT_ID ?? null,
    ...(sessions === null ? {} : { sessions }),
  });
  // On one machine nobody else needs to reach it; elsewhere the platform stands before it.
  const hostname = profile === 'local' ? '127.0.0.1' : '0.0.0.0';
  const metricsServer = serveMetrics({ port: configuration.KF_METRICS_PORT, hostname, metrics, logger });
  const server = serveHttp({
    port: configuration.KF_PORT,
    hostname,
    fetch: api.fetch,
    maxRequestBodyBytes,
    idleTimeoutSeconds,
    logger,
  });
  logger.info({ port: server.port, metricsPort: metricsServer.port, publicUrl }, 'serving');

  /** Requests in flight finish, and with them their commands; what arrives from now on is refused. */
  async function drain(): Promise<void> {
    api.beginDraining();
    const { finished } = (await Promise.all([executor.drain(), server.stop()]))[0];
    if (!finished) throw new Error('commands were still running at the deadline');
  }
  const steps = [
    { name: 'requests', stop: drain, deadlineMilliseconds: limits.drainMilliseconds + 200 },
    { name: 'metrics', stop: () => metricsServer.stop(), deadlineMilliseconds: 200 },
    { name: 'databases', stop: () => closeAll(databases), deadlineMilliseconds: 500 },
    ...(logArchive === null ? [] : [{ name: 'archive', stop: () => logArchive.close(), deadlineMilliseconds: 200 }]),
    { name: 'telemetry', stop: () => telemetry.shutdown(), deadlineMilliseconds: 1_700 },
  ];
  return { port: server.port, metricsPort: metricsServer.port, stop: () => stopInOrder(steps, logger) };
}

async function closeAll(databases: readonly Database[]): Promise<void> {
  await Promise.all(databases.map((database) => database.close()));
}

import { dirname, join, resolve } from 'node:path';
import { createNoteSigner, formatVerifierKey, superLogPlace } from '@karmanflow/receipts';
import { freePort, isPortFree } from '../postgres/port.ts';
import { launchApp } from './launch-app.ts';
import { type AppName, appEntry, localApps } from './local-apps.ts';
import { type LocalProblem, type Result, valueOf } from './local-problem.ts';
import { openLocalSecrets, secretReference } from './local-secrets.ts';
import { keyringSecretName, logKeySecretName, roleSecretName, webhookMasterSecretName } from './provision.ts';
import type { RunningApp } from './running-app.ts';
import { statePaths } from './state-directory.ts';

export interface AppOptions {
  readonly app: AppName;
  /** The port of requests and readiness; any that is free unless given. */
  readonly port?: number;
  /** The port of /metrics; any that is free unless given. */
  readonly metricsPort?: number;
  /** The secrets that `provision` wrote. */
  readonly secretsDirectory: string;
  /** Further variables of the app, over those that are set here. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Where its output goes, appended; `<app>.log` in the folder `logs` beside the secrets unless given. */
  readonly logFile?: string;
  /** Another checkout than this one. */
  readonly root?: string;
  /** Ends the wait for readiness, and the app with it. */
  readonly signal?: AbortSignal;
}

const checkout = resolve(import.meta.dir, '../../..');
const freePortAttemptsMax = 3;
const logHost = 'karmanflow.localhost';

/**
 * Starts the real process of an app, as it is deployed but for its configuration, and returns when it is ready.
 * Throws when it does not become so: see `tryStartApp` for the problem as a value.
 */
export async function startApp(options: AppOptions): Promise<RunningApp> {
  return valueOf(await tryStartApp(options));
}

/** `startApp` with its problems as values: `app_missing`, `app_ended`, `app_not_ready`, `interrupted`. */
export async function tryStartApp(options: AppOptions): Promise<Result<RunningApp, LocalProblem>> {
  const { app, secretsDirectory } = options;
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    const metricsPort = options.metricsPort ?? (await freePortBut(port));
    const outcome = await launchApp({
      app,
      entry: appEntry({ root: options.root ?? checkout, app }),
      root: options.root ?? checkout,
      port,
      metricsPort,
      environment: { ...(await appEnvironment({ app, port, metricsPort, secretsDirectory })), ...options.environment },
      logFile: options.logFile ?? join(dirname(secretsDirectory), 'logs', `${app}.log`),
      signal: options.signal ?? null,
    });
    if (outcome.ok || attempt === freePortAttemptsMax || outcome.problem.code !== 'app_ended') return outcome;
    // Between the choice of a port and its use another process may take it; a port that was given stays what it is.
    const lost = await Promise.all([
      options.port === undefined && isTaken(port),
      options.metricsPort === undefined && isTaken(metricsPort),
    ]);
    if (!lost.includes(true)) return outcome;
  }
}

/** The variables by which every app is configured. */
async function appEnvironment(options: {
  readonly app: AppName;
  readonly port: number;
  readonly metricsPort: number;
  readonly secretsDirectory: string;
}): Promise<Record<string, string>> {
  const { role, readRole } = localApps[options.app];
  return {
    KF_PROFILE: 'local',
    KF_PORT: String(options.port),
    KF_METRICS_PORT: String(options.metricsPort),
    KF_SECRETS: `file:${resolve(options.secretsDirectory)}`,
    ...(role === null
      ? {}
      : {
          KF_DATABASE_URL_REF: secretReference(roleSecretName(role)),
          KF_RECEIPT_KEYRING_REF: secretReference(keyringSecretName),
        }),
    ...(readRole === null ? {} : { KF_READ_DATABASE_URL_REF: secretReference(roleSecretName(readRole)) }),
    KF_PUBLIC_URL: `http://127.0.0.1:${options.port}`,
    ...(options.app === 'worker' ? logEnvironment(dirname(resolve(options.secretsDirectory))) : {}),
    ...(options.app === 'console-api' ? await publishedLogEnvironment(options.secretsDirectory) : {}),
    ...webhookEnvironment(options.app),
  };
}

/** The worker also gives the positions and publishes the logs. Archive and memory stand beside the secrets. */
function logEnvironment(stateDirectory: string): Record<string, string> {
  const { signer } = statePaths(stateDirectory);
  return {
    ...archiveEnvironment(stateDirectory),
    KF_SEQUENCER_DATABASE_URL_REF: secretReference(roleSecretName('kf_sequencer')),
    KF_LOG_HOST: logHost,
    KF_LOG_SIGNER_DIRECTORY: signer,
    KF_LOG_SIGNING_KEY_REF: secretReference(logKeySecretName),
    KF_INTEGRITY_DATABASE_URL_REF: secretReference(roleSecretName('kf_read')),
  };
}

/** The worker delivers webhooks; the console's API shows the secret of a subscription once. Both derive it from the master. */
function webhookEnvironment(app: AppName): Record<string, string> {
  if (app !== 'worker' && app !== 'console-api') return {};
  const master = { KF_WEBHOOK_MASTER_REF: secretReference(webhookMasterSecretName) };
  return app === 'worker'
    ? { ...master, KF_DELIVERY_DATABASE_URL_REF: secretReference(roleSecretName('kf_delivery')) }
    : master;
}

/** What the worker publishes, the API answers proofs from; where there is a key of the log, it tells the public half. */
async function publishedLogEnvironment(secretsDirectory: string): Promise<Record<string, string>> {
  const seed = await openLocalSecrets(resolve(secretsDirectory)).read(logKeySecretName);
  const archive = archiveEnvironment(dirname(resolve(secretsDirectory)));
  if (seed === null) return archive;
  const name = superLogPlace({ host: logHost }).origin;
  const { key } = createNoteSigner({ name, seed: Buffer.from(seed, 'base64') });
  return { ...archive, KF_LOG_KEYS: formatVerifierKey(key) };
}

function archiveEnvironment(stateDirectory: string): Record<string, string> {
  return { KF_LOG_ARCHIVE: `file:${statePaths(stateDirectory).archive}` };
}

async function isTaken(port: number): Promise<boolean> {
  return !(await isPortFree(port));
}

async function freePortBut(other: number): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (port !== other) return port;
  }
}

import { createServer, type Server } from 'node:http';
import {
  createMetrics,
  createFileSecretStore,
  type Logger,
  readSecretText,
  type RunningProcess,
  serveMetrics,
  stopInOrder,
} from '@karmanflow/runtime';
import { openLocalSecrets } from '../local/local-secrets.ts';
import { readAccounts } from './accounts.ts';
import { createIdentityProvider } from './create-identity-provider.ts';
import type { IdentityConfiguration } from './identity-configuration.ts';
import { identitySecretNames } from './identity-names.ts';
import { newProviderKeys, parseProviderKeys } from './provider-keys.ts';

const hostname = '127.0.0.1';
const drainMilliseconds = 2_000;

/** The process must not run here. */
export class IdentityProviderRefused extends Error {
  override readonly name = 'IdentityProviderRefused';
}

/**
 * Starts the embedded identity provider on this machine's own address. Throws `IdentityProviderRefused` outside of the
 * profile local: its people are made up, and their passwords stand in a file.
 */
export async function startIdentityProvider(
  configuration: IdentityConfiguration,
  logger: Logger,
): Promise<RunningProcess> {
  const { KF_PROFILE: profile, KF_SECRETS: secretSettings, KF_PUBLIC_URL: issuer } = configuration;
  if (profile !== 'local' || secretSettings.kind !== 'file') {
    throw new IdentityProviderRefused(
      'the embedded identity provider is for the profile local: name a real one in KF_OIDC_ISSUER of the console-api',
    );
  }
  const found = await readAccounts(configuration.KF_IDENTITY_ACCOUNTS_FILE);
  if (found === null) throw new IdentityProviderRefused('there are no accounts in KF_IDENTITY_ACCOUNTS_FILE');
  const { directory } = secretSettings;
  const keys = await openLocalSecrets(directory).readOrMake(identitySecretNames.keys, newProviderKeys);
  const clientSecret = await readSecretText(
    createFileSecretStore({ directory }),
    configuration.KF_OIDC_CLIENT_SECRET_REF,
  );
  const listener = createIdentityProvider({
    issuer,
    client: {
      id: configuration.KF_OIDC_CLIENT_ID,
      secret: clientSecret,
      redirectUri: configuration.KF_IDENTITY_REDIRECT_URI,
    },
    accounts: found.accounts,
    keys: parseProviderKeys(keys),
    onError: (error) => logger.error({ err: error }, 'the identity provider failed'),
  });
  const metrics = createMetrics({ app: 'identity' });
  const metricsServer = serveMetrics({ port: configuration.KF_METRICS_PORT, hostname, metrics, logger });
  const server = createServer(listener);
  await listen(server, configuration.KF_PORT);
  logger.info({ port: configuration.KF_PORT, issuer, accounts: found.accounts.length }, 'serving');
  const steps = [
    { name: 'requests', stop: () => closed(server), deadlineMilliseconds: drainMilliseconds },
    { name: 'metrics', stop: () => metricsServer.stop(), deadlineMilliseconds: 200 },
  ];
  return { stop: () => stopInOrder(steps, logger) };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, hostname, () => resolve());
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

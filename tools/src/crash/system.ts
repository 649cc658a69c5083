import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { provision, seedDemo } from '../local/index.ts';
import { freePort } from '../postgres/port.ts';
import { type ApiClient, createApiClient } from './api-client.ts';
import { type DatabaseProxy, openDatabaseProxy } from './database-proxy.ts';
import type { Catalogue } from './intention.ts';
import { type PostgresServer, startPostgresServer } from './postgres-server.ts';
import { stockCatalogue } from './stock-catalogue.ts';
import { type SupervisedApp, superviseApp } from './supervised-app.ts';

/** Everything under test: real processes, and the two proxies through which they reach the database. */
export interface System {
  readonly postgres: PostgresServer;
  readonly consoleApi: SupervisedApp;
  readonly worker: SupervisedApp;
  readonly consoleApiProxy: DatabaseProxy;
  readonly workerProxy: DatabaseProxy;
  readonly api: ApiClient;
  /** An operator's key for the sandbox. */
  readonly apiKey: string;
  readonly catalogue: Catalogue;
}

export interface SystemOptions {
  /** An empty folder that the account of Postgres may enter. */
  readonly directory: string;
  readonly log: (line: string) => void;
  /** Told how to end each part, as soon as it is there. The parts are to be ended in the opposite order. */
  readonly onOpen: (close: () => Promise<unknown>) => void;
}

/** Makes a durable database with the demo tenant in it, starts the console-api and the worker, and stocks the SKUs. */
export async function openSystem(options: SystemOptions): Promise<System> {
  const { directory, log, onOpen } = options;
  const postgres = await startPostgresServer({ dataDirectory: join(directory, 'postgres', 'data') });
  onOpen(() => postgres.close());
  const secretsDirectory = join(directory, 'secrets');
  const provisioned = await provision({ adminUrl: postgres.adminUrl, secretsDirectory });
  const demo = await seedDemo({ provisioned });
  log(`the database stands, with ${provisioned.migrated.length} migrations and the demo tenant`);

  const [consoleApiProxy, workerProxy] = await Promise.all([
    openDatabaseProxy({ postgresPort: postgres.port }),
    openDatabaseProxy({ postgresPort: postgres.port }),
  ]);
  onOpen(() => Promise.all([consoleApiProxy.close(), workerProxy.close()]));
  const app = async (name: 'console-api' | 'worker', proxy: DatabaseProxy): Promise<SupervisedApp> => {
    const secrets = join(directory, `secrets-of-${name}`);
    await routeSecrets({ from: secretsDirectory, to: secrets, databasePort: proxy.port });
    const supervised = superviseApp({
      app: name,
      port: await freePort(),
      secretsDirectory: secrets,
      environment: { KF_LOG_LEVEL: 'warn' },
      logFile: join(directory, 'logs', `${name}.log`),
    });
    onOpen(() => supervised.close());
    await supervised.start();
    return supervised;
  };
  const consoleApi = await app('console-api', consoleApiProxy);
  const worker = await app('worker', workerProxy);

  const api = createApiClient({ url: consoleApi.url });
  const apiKey = demo.keys.sandbox;
  const catalogue = await stockCatalogue({ api, apiKey });
  log(`the console-api and the worker run, ${catalogue.variantIds.length} SKUs are stocked`);
  return { postgres, consoleApi, worker, consoleApiProxy, workerProxy, api, apiKey, catalogue };
}

/** A copy of the secrets in which every database address leads to another port. */
async function routeSecrets(copy: { from: string; to: string; databasePort: number }): Promise<void> {
  await mkdir(copy.to, { recursive: true, mode: 0o700 });
  await chmod(copy.to, 0o700);
  for (const name of await readdir(copy.from)) {
    const text = await readFile(join(copy.from, name), 'utf8');
    await writeFile(join(copy.to, name), name.startsWith('database-url-') ? routed(text, copy.databasePort) : text, {
      mode: 0o600,
    });
  }
}

function routed(address: string, port: number): string {
  const url = new URL(address);
  url.port = String(port);
  return url.href;
}

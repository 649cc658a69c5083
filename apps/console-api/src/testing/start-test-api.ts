import { createTestWorld, type TestWorld } from '@karmanflow/commands/testing';
import { type Executor, type Registry, registry as wholeRegistry } from '@karmanflow/commands';
import { formatKeySet } from '@karmanflow/receipts';
import {
  createLogger,
  createMetrics,
  type HttpServer,
  type Metrics,
  serveHttp,
  startTelemetry,
} from '@karmanflow/runtime';
import { captureLog, type LogCapture } from '@karmanflow/runtime/testing';
import { type Database, type Id, limits, openDatabase } from '@karmanflow/schema';
import type { FeedLimits } from '../approval-feed/feed-limits.ts';
import { type ConsoleApi, createConsoleApi } from '../create-console-api.ts';
import { bootstrapTenant, type BootstrappedTenant, type WantedKey } from './bootstrap-tenant.ts';
import { ApiClient } from './api-client.ts';

export interface TestApi {
  readonly world: TestWorld;
  readonly api: ConsoleApi;
  readonly server: HttpServer;
  readonly url: string;
  readonly log: LogCapture;
  readonly metrics: Metrics;
  readonly executor: Executor;
  readonly tenant: BootstrappedTenant;
  createTenant(keys?: readonly WantedKey[]): Promise<BootstrappedTenant>;
  /** Sends requests with the key of that name of the first tenant. */
  as(key: string): ApiClient;
  stop(): Promise<void>;
}

export interface TestApiOptions {
  readonly registry?: Registry;
  /** Instead of the executor of the test world. */
  readonly executor?: (world: TestWorld) => Executor;
  readonly readDatabase?: (world: TestWorld) => Database;
  readonly endpoint?: string;
  readonly feedLimits?: Partial<FeedLimits>;
  readonly idleTimeoutSeconds?: number;
  /** Makes the tenant of the test the platform's own. */
  readonly isPlatform?: true;
}

/** The whole API on a free port over a database of its own, with a tenant, as the processes run it. */
export async function startTestApi(options: TestApiOptions = {}): Promise<TestApi> {
  const registry = options.registry ?? wholeRegistry;
  const telemetry = await startTelemetry({ serviceName: 'console-api', endpoint: options.endpoint ?? null });
  const world = await createTestWorld({ registry, tracer: telemetry.tracer });
  const readDatabase =
    options.readDatabase?.(world) ??
    openDatabase({ url: world.testDatabase.urlFor('kf_read'), applicationName: 'kf-test-read' });
  const log = captureLog();
  const logger = createLogger({ app: 'console-api', level: 'info', destination: log.destination });
  const metrics = createMetrics({ app: 'console-api' });
  const executor = options.executor?.(world) ?? world.executor;
  let platformTenantId: Id<'tenant'> | null = null;
  const api = createConsoleApi({
    platformTenantId: () => platformTenantId,
    registry,
    executor,
    database: world.database,
    readDatabase,
    keySet: formatKeySet([
      { publicJwk: world.signer.publicJwk, notBefore: '2020-01-01T00:00:00.000Z', notAfter: null },
    ]),
    tracer: telemetry.tracer,
    logger,
    metrics,
    profile: 'local',
    publicUrl: 'https://api.example.com',
    ...(options.feedLimits === undefined ? {} : { feedLimits: options.feedLimits }),
  });
  const server = serveHttp({
    port: 0,
    hostname: '127.0.0.1',
    fetch: api.fetch,
    maxRequestBodyBytes: 2 * limits.requestBodyBytes,
    idleTimeoutSeconds: options.idleTimeoutSeconds ?? 30,
    logger,
  });
  const url = `http://127.0.0.1:${server.port}`;
  const tenant = await bootstrapTenant(world);
  if (options.isPlatform) platformTenantId = tenant.tenantId;
  return {
    world,
    api,
    server,
    url,
    log,
    metrics,
    executor,
    tenant,
    createTenant: (keys) => bootstrapTenant(world, keys),
    as: (key) => new ApiClient(url, tenant.keys[key] ?? ''),
    async stop() {
      await server.stop();
      await readDatabase.close();
      await world.close();
      await telemetry.shutdown();
    },
  };
}

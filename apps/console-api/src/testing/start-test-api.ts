import { createTestWorld, type TestWorld } from '@karmanflow/commands/testing';
import { type Executor, type Registry, registry as wholeRegistry } from '@karmanflow/commands';
import { formatKeySet, formatVerifierKey, superLogPlace } from '@karmanflow/receipts';
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
import type { EventFeedLimits } from '../event-feed/event-feed-limits.ts';
import { bootstrapTenant, type BootstrappedTenant, type WantedKey } from './bootstrap-tenant.ts';
import { ApiClient } from './api-client.ts';
import type { PublishedLogLimits } from '../published-log/published-log-limits.ts';
import { createTestLog, type TestLog } from './test-log.ts';

export interface TestApi {
  readonly world: TestWorld;
  readonly api: ConsoleApi;
  readonly server: HttpServer;
  readonly url: string;
  readonly log: LogCapture;
  readonly metrics: Metrics;
  readonly executor: Executor;
  /** Nothing that was committed is in the stream before it is told to sequence. */
  readonly testLog: TestLog;
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
  readonly eventFeedLimits?: Partial<EventFeedLimits>;
  readonly publishedLogLimits?: Partial<PublishedLogLimits>;
  /** As where no archive is named. */
  readonly withoutLog?: true;
  readonly idleTimeoutSeconds?: number;
  /** Makes the tenant of the test the platform's own. */
  readonly isPlatform?: true;
}

/** Keeps nothing secret: tests derive from it what the API has shown. */
export const testWebhookMaster: Uint8Array = new Uint8Array(32).fill(7);

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
  const sequencerDatabase = openDatabase({
    url: world.testDatabase.urlFor('kf_sequencer'),
    applicationName: 'kf-test-sequencer',
    connectionsMax: 2,
  });
  const testLog = await createTestLog(sequencerDatabase);
  let platformTenantId: Id<'tenant'> | null = null;
  const api = createConsoleApi({
    platformTenantId: () => platformTenantId,
    registry,
    executor,
    database: world.database,
    readDatabase,
    signer: world.signer,
    keySet: formatKeySet([
      { publicJwk: world.signer.publicJwk, notBefore: '2020-01-01T00:00:00.000Z', notAfter: null },
    ]),
    tracer: telemetry.tracer,
    logger,
    metrics,
    logArchive: options.withoutLog === true ? null : testLog.archive,
    logKeys: [formatVerifierKey(testLog.keyOf(superLogPlace({ host: testLog.host })))],
    webhookMaster: testWebhookMaster,
    profile: 'local',
    publicUrl: 'https://api.example.com',
    ...(options.feedLimits === undefined ? {} : { feedLimits: options.feedLimits }),
    ...(options.publishedLogLimits === undefined ? {} : { publishedLogLimits: options.publishedLogLimits }),
    ...(options.eventFeedLimits === undefined ? {} : { eventFeedLimits: options.eventFeedLimits }),
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
    testLog,
    tenant,
    createTenant: (keys) => bootstrapTenant(world, keys),
    as: (key) => new ApiClient(url, tenant.keys[key] ?? ''),
    async stop() {
      await server.stop();
      await Promise.all([readDatabase.close(), sequencerDatabase.close(), testLog.close()]);
      await world.close();
      await telemetry.shutdown();
    },
  };
}

import { registry } from '@karmanflow/commands';
import { createTestWorld } from '@karmanflow/commands/testing';
import { type ConsoleApi, createConsoleApi } from '@karmanflow/console-api';
import { formatKeySet } from '@karmanflow/receipts';
import { createLogger, createMetrics, serveHttp, startTelemetry } from '@karmanflow/runtime';
import { captureLog } from '@karmanflow/runtime/testing';
import { limits, openDatabase } from '@karmanflow/schema';
import { type Handler, receiptCounter, type Surface } from '../surface/surface.ts';

export interface ServedApi {
  /** The API as its operator in the sandbox, unchanged, whatever a saboteur made of it before. */
  surface(): Surface;
  stop(): Promise<void>;
}

/** The real console API on a free port, over a database and with a tenant of its own. */
export async function serveApi(): Promise<ServedApi> {
  const world = await createTestWorld();
  const { apiKey } = await world.createTenant('Conformance');
  const readDatabase = openDatabase({
    url: world.testDatabase.urlFor('kf_read'),
    applicationName: 'karmanflow-conformance',
  });
  const telemetry = await startTelemetry({ serviceName: 'console-api', endpoint: null });
  const logger = createLogger({ app: 'console-api', level: 'info', destination: captureLog().destination });
  const composed = (changed: typeof registry): ConsoleApi =>
    createConsoleApi({
      registry: changed,
      executor: world.executor,
      database: world.database,
      readDatabase,
      keySet: formatKeySet([
        { publicJwk: world.signer.publicJwk, notBefore: '2020-01-01T00:00:00.000Z', notAfter: null },
      ]),
      tracer: telemetry.tracer,
      logger,
      metrics: createMetrics({ app: 'console-api' }),
      profile: 'local',
      publicUrl: 'https://api.example.com',
    });
  const honest = composed(registry);
  let handler: Handler = honest.fetch;
  const server = serveHttp({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request) => handler(request),
    maxRequestBodyBytes: 2 * limits.requestBodyBytes,
    idleTimeoutSeconds: 30,
    logger,
  });
  const countReceipts = await receiptCounter(world.testDatabase.adminUrl, apiKey);
  return {
    surface() {
      handler = honest.fetch;
      return {
        url: `http://127.0.0.1:${server.port}`,
        apiKey,
        countReceipts,
        recompose({ registry: change, around }) {
          const { fetch } = change === undefined ? honest : composed(change(registry));
          handler = around === undefined ? fetch : around(fetch);
        },
      };
    },
    async stop() {
      await server.stop();
      await readDatabase.close();
      await world.close();
      await telemetry.shutdown();
    },
  };
}

import { randomBytes } from 'node:crypto';
import { registry, type Registry } from '@karmanflow/commands';
import { createTestWorld, proveHistory, type TestWorld } from '@karmanflow/commands/testing';
import { type ConsoleApi, type ConsoleApiParts, createConsoleApi } from '@karmanflow/console-api';
import { formatKeySet } from '@karmanflow/receipts';
import { createLogger, createMetrics, serveHttp, startTelemetry } from '@karmanflow/runtime';
import { captureLog } from '@karmanflow/runtime/testing';
import {
  limits,
  openDatabase,
  type RuntimeRole,
  type TableName,
  tableNames,
  tableOf,
  toUuid,
} from '@karmanflow/schema';
import type { Governed } from '../governance/governed.ts';
import { type Handler, receiptCounter, type Recomposition, type Surface } from '../surface/surface.ts';
import { createGovernedTenant, testIssuer } from './governed-tenant.ts';
import { openRules } from './policy-rules.ts';
import { sequenceAlong } from './sequence-along.ts';

export interface ServedApi {
  /** What the API runs on, for a process that runs beside it. */
  readonly world: TestWorld;
  readonly webhookMaster: Uint8Array;
  /** The API as somebody who may read everything, unchanged, whatever a saboteur made of it before. */
  surface(): Surface;
  /** The same, with tenants to be made in it. */
  governed(): Governed;
  stop(): Promise<void>;
}

/** Names whoever the address of the callback asks for, logged in as long ago as it says: what stands behind it is real, and providers have tests of their own. */
const trustingProvider: NonNullable<ConsoleApiParts['sessions']>['identityProvider'] = {
  begin: async ({ state }) => ({ ok: true, url: `${testIssuer}/authorize?state=${state}` }),
  confirm: async ({ callbackUrl }) => ({
    ok: true,
    issuer: testIssuer,
    subject: callbackUrl.searchParams.get('subject') ?? '',
    authenticatedAt: Date.now() - Number(callbackUrl.searchParams.get('age') ?? 0) * 1000,
  }),
};

/** The rows of a tenant, table by table: a digest of entities, and how many there are of what can only be added to. */
const fingerprints = tableNames
  .map((table) => {
    const digest = tableOf(table).kind === 'entity' ? "md5(string_agg(t::text, '|' ORDER BY t::text))" : 'NULL';
    return `SELECT '${table}' AS name, count(*) || ' ' || coalesce(${digest}, '') AS digest FROM kf.${table} t WHERE tenant_id = $1`;
  })
  .join(' UNION ALL ');

/** The real console API on a free port, over a database of its own. */
export async function serveApi(): Promise<ServedApi> {
  const world = await createTestWorld();
  const open = (role: RuntimeRole) =>
    openDatabase({ url: world.testDatabase.urlFor(role), applicationName: 'karmanflow-conformance' });
  const readDatabase = open('kf_read');
  const loginDatabase = open('kf_login');
  const sequencerDatabase = open('kf_sequencer');
  const sequencer = sequenceAlong(sequencerDatabase);
  const telemetry = await startTelemetry({ serviceName: 'console-api', endpoint: null });
  const log = captureLog();
  const logger = createLogger({ app: 'console-api', level: 'info', destination: log.destination });
  let handler: Handler = () => new Response(null, { status: 503 });
  // The port comes first: the origin of the API is part of what sessions are checked against.
  const server = serveHttp({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request) => handler(request),
    maxRequestBodyBytes: 2 * limits.requestBodyBytes,
    idleTimeoutSeconds: 30,
    logger,
  });
  const url = `http://127.0.0.1:${server.port}`;
  const sealingKey = randomBytes(32);
  const webhookMaster = randomBytes(32);
  const composed = (served: Registry): ConsoleApi =>
    createConsoleApi({
      registry: served,
      executor: served === registry ? world.executor : world.executorWith({ registry: served }),
      database: world.database,
      readDatabase,
      signer: world.signer,
      keySet: formatKeySet([
        { publicJwk: world.signer.publicJwk, notBefore: '2020-01-01T00:00:00.000Z', notAfter: null },
      ]),
      tracer: telemetry.tracer,
      logger,
      metrics: createMetrics({ app: 'console-api' }),
      profile: 'local',
      publicUrl: url,
      webhookMaster,
      sessions: { identityProvider: trustingProvider, loginDatabase, sealingKey, now: () => Date.now() },
    });
  const honest = composed(registry);
  handler = honest.fetch;
  const rules = await openRules();
  const recompose = ({ registry: change, around }: Recomposition): void => {
    const { fetch } = change === undefined ? honest : composed(change(registry));
    handler = around === undefined ? fetch : around(fetch);
  };
  const restore = (): void => {
    handler = honest.fetch;
    rules.restore();
  };
  const createTenant = (name: string, personName: string | null) =>
    createGovernedTenant({ world, url, name, personName });
  const apiKey = (await createTenant('Conformance', null)).apiKey('user');
  const countReceipts = await receiptCounter(world.testDatabase.adminUrl, apiKey);
  const admin = await world.testDatabase.admin();
  return {
    world,
    webhookMaster,
    surface() {
      restore();
      return { url, apiKey, countReceipts, recompose };
    },
    governed() {
      restore();
      return {
        registry,
        surface: { url, apiKey, countReceipts, recompose },
        createTenant: (name, { personName = null } = {}) => createTenant(name, personName),
        async query(sql, values = []) {
          const { rows } = await admin.query<Record<string, unknown>>(sql, [...values]);
          return rows;
        },
        async fingerprint(tenantId) {
          // Prepared: planning it for all tables takes longer than reading them.
          const query = { name: 'fingerprints', text: fingerprints, values: [toUuid(tenantId)] };
          const { rows } = await admin.query<{ name: TableName; digest: string }>(query);
          return new Map(rows.map(({ name, digest }) => [name, digest]));
        },
        log: log.text,
        writeLog: (fields) => logger.info(fields, 'conformance'),
        async proveHistory() {
          const { complaints, receipts } = await proveHistory({
            adminUrl: world.testDatabase.adminUrl,
            signer: world.signer,
          });
          return { complaints, receipts };
        },
        recompose,
        changeRules: async (change) => change(rules.lists),
      };
    },
    async stop() {
      restore();
      await server.stop();
      await sequencer.stop();
      await Promise.all([readDatabase.close(), loginDatabase.close(), sequencerDatabase.close()]);
      await world.close();
      await telemetry.shutdown();
    },
  };
}

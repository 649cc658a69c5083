import { randomBytes } from 'node:crypto';
import { access, type Caller, registry, systemAuthority } from '@karmanflow/commands';
import { createTestWorld, execute, metadataFor, responseOf, type TestWorld } from '@karmanflow/commands/testing';
import { formatKeySet } from '@karmanflow/receipts';
import { createLogger, createMetrics, serveHttp, startTelemetry } from '@karmanflow/runtime';
import { captureLog, type LogCapture } from '@karmanflow/runtime/testing';
import { controlEnvironmentOf, type Id, limits, newId, openDatabase, toId } from '@karmanflow/schema';
import { createConsoleApi } from '../../create-console-api.ts';
import type { ApiAnswer } from '../../testing/api-answer.ts';
import { callbackPath } from '../create-sessions.ts';
import { createIdentityProvider } from '../identity-provider.ts';
import type { Browser } from './browser.ts';

/** A tenant with an environment for each name, whose people log in by the subjects of their handles. */
export interface SessionTenant {
  readonly tenantId: Id<'tenant'>;
  readonly environments: Readonly<Record<string, Id<'environment'>>>;
  readonly people: Readonly<Record<string, Id<'principal'>>>;
  /** API keys, by the handle of their person. */
  readonly keys: Readonly<Record<string, string>>;
}

export interface WantedTenant {
  readonly name: string;
  readonly environments: readonly string[];
  /** Roles by handle; a handle without an identity ends in `-unknown`. */
  readonly people: Readonly<Record<string, readonly string[]>>;
}

export interface SessionWorld {
  readonly world: TestWorld;
  readonly url: string;
  readonly redirectUri: string;
  readonly log: LogCapture;
  /** Lets time pass for the API alone. */
  pass(milliseconds: number): void;
  /** Back to the time of everybody else. */
  turnBack(): void;
  createTenant(wanted: WantedTenant): Promise<SessionTenant>;
  stop(): Promise<void>;
}

export interface SessionWorldOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** The API on a free port, at which people log in through the provider of `options`, with a clock that a test can move. */
export async function startSessionWorld(options: SessionWorldOptions): Promise<SessionWorld> {
  const world = await createTestWorld();
  const open = (role: 'kf_read' | 'kf_login') =>
    openDatabase({ url: world.testDatabase.urlFor(role), applicationName: `kf-test-${role}` });
  const readDatabase = open('kf_read');
  const loginDatabase = open('kf_login');
  const telemetry = await startTelemetry({ serviceName: 'console-api', endpoint: null });
  const log = captureLog();
  const logger = createLogger({ app: 'console-api', level: 'info', destination: log.destination });
  let passed = 0;
  const now = (): number => Date.now() + passed;
  let answer: (request: Request) => Response | Promise<Response> = () => new Response(null, { status: 503 });
  // The port comes first: where the provider sends browsers back to is part of what the API is made of.
  const server = serveHttp({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request) => answer(request),
    maxRequestBodyBytes: 2 * limits.requestBodyBytes,
    idleTimeoutSeconds: 30,
    logger,
  });
  const url = `http://127.0.0.1:${server.port}`;
  const redirectUri = `${url}${callbackPath}`;
  const api = createConsoleApi({
    registry,
    executor: world.executor,
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
    sessions: {
      identityProvider: createIdentityProvider({ ...options, redirectUri, allowsHttp: true, now }),
      loginDatabase,
      sealingKey: randomBytes(32),
      now,
    },
  });
  answer = api.fetch;
  return {
    world,
    url,
    redirectUri,
    log,
    pass: (milliseconds) => {
      passed += milliseconds;
    },
    turnBack: () => {
      passed = 0;
    },
    createTenant: (wanted) => createTenant({ world, issuer: options.issuer, wanted }),
    async stop() {
      await server.stop();
      await Promise.all([readDatabase.close(), loginDatabase.close()]);
      await world.close();
      await telemetry.shutdown();
    },
  };
}

async function createTenant(order: {
  readonly world: TestWorld;
  readonly issuer: string;
  readonly wanted: WantedTenant;
}): Promise<SessionTenant> {
  const { world, issuer, wanted } = order;
  const tenantId = toId('tenant', Bun.randomUUIDv7());
  const platform: Caller = {
    tenantId,
    environmentId: controlEnvironmentOf(tenantId),
    environment: { kind: 'CONTROL', status: 'ACTIVE' },
    actor: { type: 'SYSTEM', id: newId('principal', () => Bun.randomUUIDv7()), onBehalfOf: null },
    credential: null,
    ...systemAuthority('platform_bootstrap'),
  };
  const handles = Object.keys(wanted.people);
  const secrets = new Map(handles.map((handle) => [handle, randomBytes(access.apiKeySecretBytes)]));
  const input = {
    name: wanted.name,
    environments: wanted.environments.map((name) => ({ name, kind: 'SANDBOX' })),
    principals: Object.entries(wanted.people).map(([handle, roles]) => ({
      handle,
      type: 'USER',
      roles: [...roles],
      ...(handle.endsWith('-unknown') ? {} : { identityHash: access.identityHashOf({ issuer, subject: handle }) }),
    })),
    apiKeys: handles.map((handle) => ({
      name: handle,
      principal: handle,
      environment: wanted.environments[0] ?? '',
      secretHash: Buffer.from(access.hashApiKeySecret(secrets.get(handle) ?? new Uint8Array())).toString('base64'),
      scopes: [...access.everyScope].slice(0, limits.scopesPerKey),
      riskCeiling: 'R3',
    })),
    ingestSources: [],
    personName: `The person of ${wanted.name}`,
  };
  // The output of the command has these lists.
  const made = responseOf(
    await execute(world.executor, 'access.bootstrap_tenant', input, metadataFor(platform)),
  ) as unknown as Record<string, { name: string; id: string }[]>;
  const idsOf = (list: string): Record<string, string> =>
    Object.fromEntries((made[list] ?? []).map(({ name, id }) => [name, id]));
  const keyIds = idsOf('apiKeys') as Record<string, Id<'apiKey'>>;
  return {
    tenantId,
    environments: idsOf('environments') as Record<string, Id<'environment'>>,
    people: idsOf('principals') as Record<string, Id<'principal'>>,
    keys: Object.fromEntries(
      [...secrets].map(([handle, secret]) => {
        const apiKeyId = keyIds[handle];
        return [handle, apiKeyId === undefined ? '' : access.formatApiKey({ tenantId, apiKeyId, secret })];
      }),
    ),
  };
}

/** What a page of ours sends with whatever is not GET: the token of the browser's login, and where it comes from. */
export async function pageHeaders(browser: Browser, url: string): Promise<Record<string, string>> {
  const { json } = await browser.request(`${url}/v1/session`);
  const { csrfToken } = json['data'] as { readonly csrfToken: string };
  return { 'x-karmanflow-csrf': csrfToken, origin: url, 'content-type': 'application/json' };
}

/** Sends an input as a page of ours would. */
export async function sendFromPage(
  browser: Browser,
  to: { readonly url: string; readonly path: string; readonly input: unknown },
): Promise<ApiAnswer> {
  const headers = await pageHeaders(browser, to.url);
  return browser.request(`${to.url}${to.path}`, {
    method: 'POST',
    headers: { ...headers, 'idempotency-key': Bun.randomUUIDv7() },
    body: JSON.stringify(to.input),
  });
}

import { mkdtemp, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { access, type Caller, systemAuthority } from '@karmanflow/commands';
import {
  createTestWorld,
  execute,
  metadataFor,
  responseOf,
  runUnapproved,
  type TestWorld,
} from '@karmanflow/commands/testing';
import { roles } from '@karmanflow/policy';
import {
  bootDatabase,
  createFileSecretStore,
  createLogger,
  type SecretReference,
  type SecretStore,
  startTelemetry,
  type WritableSecretStore,
} from '@karmanflow/runtime';
import { captureLog, type LogCapture } from '@karmanflow/runtime/testing';
import { controlEnvironmentOf, type Id, newId, toId } from '@karmanflow/schema';
import { generateWebhookSecret, signWebhook } from '@karmanflow/webhooks';
import { createIngest, type Ingest } from '../create-ingest.ts';

/** A tenant with a sandbox in which 10 units of MUG-1 lie in BER-1 and are sold by the channel WEB, and a source. */
export interface Shop {
  readonly tenantId: Id<'tenant'>;
  readonly sandbox: Id<'environment'>;
  readonly ingestSourceId: Id<'ingestSource'>;
  readonly connectorId: string;
  /** The path of the source. */
  readonly path: string;
  readonly secret: string;
  readonly secretRef: SecretReference;
  readonly variantId: string;
  readonly locationId: string;
  /** A person who works in the sandbox and administers the tenant. */
  readonly person: Caller;
}

/** A further source of a shop, made by the commands that make sources. */
export interface TestSource {
  readonly ingestSourceId: Id<'ingestSource'>;
  readonly path: string;
  readonly secret: string;
  readonly secretRef: SecretReference;
}

export interface SourceOptions {
  readonly preset: string;
  readonly secret: string;
  readonly settings?: unknown;
  readonly mapping?: unknown;
}

export interface RunningIngest extends Ingest {
  readonly url: string;
  readonly log: LogCapture;
}

export interface IngestWorld {
  readonly world: TestWorld;
  readonly secretStore: WritableSecretStore;
  readonly secretsDirectory: string;
  createShop(name: string): Promise<Shop>;
  createSource(shop: Shop, options: SourceOptions): Promise<TestSource>;
  /** Runs a command as the person of a shop, as if it needed no approval. */
  run(shop: Shop, type: string, input: unknown): Promise<Record<string, unknown>>;
  /** A process of its own but for the process: its own connections, executor, caches and port. */
  start(options?: { secretStore?: SecretStore; collector?: string }): Promise<RunningIngest>;
  close(): Promise<void>;
}

let shops = 0;
const quarantineKeyRef: SecretReference = 'secrets://ingest-quarantine-key';

export async function createIngestWorld(): Promise<IngestWorld> {
  const world = await createTestWorld();
  const secretsDirectory = await mkdtemp(join(tmpdir(), 'kf-ingest-'));
  const secretStore = createFileSecretStore({ directory: secretsDirectory });
  await secretStore.write(quarantineKeyRef, Buffer.from(randomBytes(32).toString('base64')));
  const running: RunningIngest[] = [];

  async function createShop(name: string): Promise<Shop> {
    const tenantId = toId('tenant', Bun.randomUUIDv7());
    const secret = generateWebhookSecret(randomBytes);
    shops += 1;
    const secretRef: SecretReference = `secrets://shop-${shops}`;
    await secretStore.write(secretRef, Buffer.from(secret));
    const made = responseOf(
      await execute(
        world.executor,
        'access.bootstrap_tenant',
        bootstrap({ name, secretRef }),
        metadataFor(platform(tenantId)),
      ),
    );
    const idOf = (list: string, wanted: string): string => {
      const found = (made[list] as unknown as { name: string; id: string }[]).find((one) => one.name === wanted);
      if (!found) throw new Error(`${wanted} was not made`);
      return found.id;
    };
    const sandbox = idOf('environments', 'sandbox') as Id<'environment'>;
    const ingestSourceId = idOf('ingestSources', 'web-shop') as Id<'ingestSource'>;
    const operator: Caller = {
      ...platform(tenantId),
      environmentId: sandbox,
      environment: { kind: 'SANDBOX', status: 'ACTIVE' },
      actor: { type: 'USER', id: idOf('principals', 'operator') as Id<'principal'>, onBehalfOf: null },
      scopes: new Set(roles.operator),
      controlScopes: new Set(roles.administrator),
    };
    const succeed = async (type: string, input: unknown) =>
      responseOf(await execute(world.executor, type, input, metadataFor(operator)));
    const variantId = String((await succeed('inventory.register_variant', { sku: 'MUG-1', name: 'Mug' }))['variantId']);
    const locationId = String(
      (await succeed('inventory.register_location', { code: 'BER-1', name: 'Berlin' }))['locationId'],
    );
    await succeed('inventory.register_channel', { code: 'WEB', name: 'Web', locations: [{ locationId }] });
    await succeed('inventory.adjust', { variantId, locationId, delta: 10, reason: 'received' });
    const path = `/v1/ingest/${access.formatIngestAddress({ tenantId, ingestSourceId })}`;
    const connectorId = idOf('principals', 'storefront');
    return {
      tenantId,
      sandbox,
      ingestSourceId,
      connectorId,
      path,
      secret,
      secretRef,
      variantId,
      locationId,
      person: operator,
    };
  }

  async function run(shop: Shop, type: string, input: unknown): Promise<Record<string, unknown>> {
    return responseOf(await runUnapproved(world.executor, type, input, { caller: shop.person }));
  }

  async function createSource(shop: Shop, options: SourceOptions): Promise<TestSource> {
    const { preset, secret, settings = {}, mapping } = options;
    shops += 1;
    const secretRef: SecretReference = `secrets://source-${shops}`;
    await secretStore.write(secretRef, Buffer.from(secret));
    const registered = await run(shop, 'ingest.register_source', {
      code: `source-${shops}`,
      principalId: shop.connectorId,
      environmentId: shop.sandbox,
      preset,
      secretRefs: [secretRef],
      settings,
    });
    const ingestSourceId = String(registered['ingestSourceId']) as Id<'ingestSource'>;
    if (mapping !== undefined) await run(shop, 'ingest.set_mapping', { ingestSourceId, mapping });
    const path = `/v1/ingest/${access.formatIngestAddress({ tenantId: shop.tenantId, ingestSourceId })}`;
    return { ingestSourceId, path, secret, secretRef };
  }

  async function start(options: { secretStore?: SecretStore; collector?: string } = {}): Promise<RunningIngest> {
    const log = captureLog();
    const logger = createLogger({ app: 'ingest', level: 'debug', destination: log.destination });
    const url = world.testDatabase.urlFor('kf_ingest');
    const ingest = await createIngest({
      profile: 'local',
      port: 0,
      metricsPort: 0,
      database: await bootDatabase({
        url,
        role: 'kf_ingest',
        profile: 'local',
        applicationName: 'kf-test-ingest',
        logger,
      }),
      signer: world.signer,
      secretStore: options.secretStore ?? secretStore,
      quarantineKeyRef,
      logger,
      telemetry: await startTelemetry({ serviceName: 'ingest', endpoint: options.collector ?? null }),
    });
    const started = { ...ingest, url: `http://127.0.0.1:${ingest.port}`, log };
    running.push(started);
    return started;
  }

  return {
    world,
    secretStore,
    secretsDirectory,
    createShop,
    createSource,
    run,
    start,
    async close() {
      await Promise.all(running.map((ingest) => ingest.stop().catch(() => undefined)));
      await world.close();
      await rm(secretsDirectory, { recursive: true });
    },
  };
}

function platform(tenantId: Id<'tenant'>): Caller {
  return {
    tenantId,
    environmentId: controlEnvironmentOf(tenantId),
    environment: { kind: 'CONTROL', status: 'ACTIVE' },
    actor: { type: 'SYSTEM', id: newId('principal', () => Bun.randomUUIDv7()), onBehalfOf: null },
    credential: null,
    ...systemAuthority('platform_bootstrap'),
  };
}

function bootstrap(options: { readonly name: string; readonly secretRef: string }): unknown {
  return {
    name: options.name,
    environments: [{ name: 'sandbox', kind: 'SANDBOX' }],
    principals: [
      { handle: 'operator', type: 'USER', roles: ['operator'] },
      { handle: 'storefront', type: 'CONNECTOR', roles: ['connector'] },
    ],
    apiKeys: [],
    ingestSources: [
      { code: 'web-shop', principal: 'storefront', environment: 'sandbox', secretRefs: [options.secretRef] },
    ],
  };
}

export interface OrderOptions {
  readonly orderId?: string;
  readonly quantity?: number;
  readonly sku?: string;
  readonly holdSeconds?: number;
}

export function order(options: OrderOptions = {}): Record<string, unknown> {
  const { orderId = 'ORDER-1', quantity = 1, sku = 'MUG-1', holdSeconds } = options;
  return {
    type: 'order.created',
    timestamp: '2026-01-01T00:00:00Z',
    data: {
      orderId,
      salesChannel: 'WEB',
      ...(holdSeconds === undefined ? {} : { holdSeconds }),
      lines: [{ sku, location: 'BER-1', quantity }],
    },
  };
}

export interface DeliveryOptions {
  readonly messageId?: string;
  readonly secret?: string;
  /** Seconds to add to the current time. */
  readonly shiftSeconds?: number;
  /** What is sent instead of the body that was signed. */
  readonly sentBody?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A signed request, ready to be sent. */
export function delivery(
  shop: Pick<Shop, 'secret'>,
  message: unknown,
  options: DeliveryOptions = {},
): RequestInit & {
  headers: Record<string, string>;
  body: Uint8Array<ArrayBuffer>;
} {
  const text = message instanceof Uint8Array ? message : new TextEncoder().encode(JSON.stringify(message));
  const body = Uint8Array.from(text);
  const signed = signWebhook({
    secret: options.secret ?? shop.secret,
    messageId: options.messageId ?? `msg_${Bun.randomUUIDv7()}`,
    timestampSeconds: Math.floor(Date.now() / 1000) + (options.shiftSeconds ?? 0),
    body,
  });
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...signed, ...options.headers },
    body: options.sentBody === undefined ? body : Uint8Array.from(options.sentBody),
  };
}

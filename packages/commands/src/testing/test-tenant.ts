import { randomBytes } from 'node:crypto';
import { actorTypes, defaultTenantPolicy, roles } from '@karmanflow/policy';
import { createReceiptSigner, type ReceiptSigner } from '@karmanflow/receipts';
import { controlEnvironmentOf, type Database, type Id, newId, openDatabase, toId } from '@karmanflow/schema';
import { createTestDatabase, type TestDatabase } from '@karmanflow/schema/testing';
import { trace } from '@opentelemetry/api';
import { createExecutor, type Executor, type ExecutorPorts } from '../executor/executor.ts';
import type { Caller, CommandMetadata } from '../executor/metadata.ts';
import type { Outcome } from '../executor/outcome.ts';
import { parseCommand } from '../executor/parse-command.ts';
import { systemAuthority } from '../executor/system-authority.ts';
import { formatApiKey, hashApiKeySecret } from '../features/access/index.ts';
import { registry } from '../registry.ts';

/** Executor ports over the real clock and real randomness, for tests and tools. */
export function processPorts(database: Database, signer: ReceiptSigner): ExecutorPorts {
  return {
    registry,
    database,
    signer,
    tracer: trace.getTracer('karmanflow.test'),
    uuidSource: () => Bun.randomUUIDv7(),
    monotonicNow: () => performance.now(),
    sleep: (milliseconds) => Bun.sleep(milliseconds),
    every: (milliseconds, callback) => {
      const timer = setInterval(callback, milliseconds);
      timer.unref();
      return () => clearInterval(timer);
    },
  };
}

export interface RunOptions {
  readonly caller?: Caller;
  readonly key?: string;
  readonly expectedVersion?: number;
  readonly deadlineMilliseconds?: number;
  readonly executor?: Executor;
}

export interface SignInOptions {
  readonly loginAgeSeconds?: number;
  readonly environment?: 'sandbox' | 'production';
}

/** People besides one principal of each type. */
const people = {
  user: ['operator', 'administrator'],
  ada: ['approver'],
  bob: ['approver'],
  cyd: ['operator', 'administrator', 'approver'],
} as const;

export interface TestTenant {
  readonly tenantId: Id<'tenant'>;
  readonly environments: Readonly<Record<'sandbox' | 'production', Id<'environment'>>>;
  readonly apiKey: string;
  /** The operator in the sandbox, unless changed. */
  readonly caller: Caller;
  readonly principals: ReadonlyMap<string, Id<'principal'>>;
  /** A person with a session that is `loginAgeSeconds` old: user, ada and bob, who approve, cyd, who administers too. */
  signIn(handle: string, options?: SignInOptions): Promise<Caller>;
  run(type: string, input: unknown, options?: RunOptions): Promise<Outcome>;
  /** Runs a command that must succeed and returns its response. */
  succeed(type: string, input: unknown, options?: RunOptions): Promise<Record<string, never> & Record<string, string>>;
}

export interface TestWorld {
  readonly testDatabase: TestDatabase;
  readonly database: Database;
  readonly signer: ReceiptSigner;
  readonly executor: Executor;
  executorWith(change: Partial<ExecutorPorts>): Executor;
  createTenant(name: string): Promise<TestTenant>;
  close(): Promise<void>;
}

const everyScope = [...new Set(Object.values(roles).flat())];

export function metadataFor(caller: Caller, options: RunOptions = {}): CommandMetadata {
  return {
    caller,
    idempotencyKey: options.key ?? Bun.randomUUIDv7(),
    correlationId: newId('correlation', () => Bun.randomUUIDv7()),
    causationId: null,
    requestId: newId('request', () => Bun.randomUUIDv7()),
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    expectedVersion: options.expectedVersion ?? null,
    reason: null,
    ...(options.deadlineMilliseconds === undefined ? {} : { deadlineMilliseconds: options.deadlineMilliseconds }),
  };
}

/** A migrated database with an executor on it, as the command role, and as many tenants as a test wants. */
export async function createTestWorld(change: Partial<ExecutorPorts> = {}): Promise<TestWorld> {
  const testDatabase = await createTestDatabase();
  const database = openDatabase({ url: testDatabase.urlFor('kf_command'), applicationName: 'kf-test' });
  const signer = createReceiptSigner({ privateKey: randomBytes(32) });
  const executorWith = (more: Partial<ExecutorPorts>): Executor =>
    createExecutor({ ...processPorts(database, signer), ...change, ...more });
  const executor = executorWith({});

  async function createTenant(name: string): Promise<TestTenant> {
    const tenantId = toId('tenant', Bun.randomUUIDv7());
    const secret = randomBytes(32);
    const platform: Caller = {
      tenantId,
      environmentId: controlEnvironmentOf(tenantId),
      environment: { kind: 'CONTROL', status: 'ACTIVE' },
      actor: { type: 'SYSTEM', id: newId('principal', () => Bun.randomUUIDv7()), onBehalfOf: null },
      credential: null,
      ...systemAuthority('platform_bootstrap'),
    };
    const made = await runWith(platform, 'access.bootstrap_tenant', {
      name,
      environments: [
        { name: 'sandbox', kind: 'SANDBOX' },
        { name: 'production', kind: 'PRODUCTION' },
      ],
      principals: [
        ...actorTypes
          .filter((type) => type !== 'USER')
          .map((type) => ({ handle: type.toLowerCase(), type, roles: [] as string[] })),
        ...Object.entries(people).map(([handle, granted]) => ({ handle, type: 'USER', roles: [...granted] })),
      ],
      apiKeys: [
        {
          name: 'operator-sandbox',
          principal: 'user',
          environment: 'sandbox',
          secretHash: Buffer.from(hashApiKeySecret(secret)).toString('base64'),
          scopes: everyScope,
          riskCeiling: 'R3',
        },
      ],
      ingestSources: [],
    });
    const idOf = (list: string, wanted: string): string =>
      (made[list] as unknown as { name: string; id: string }[]).find((one) => one.name === wanted)?.id ?? '';
    const environments = {
      sandbox: idOf('environments', 'sandbox') as Id<'environment'>,
      production: idOf('environments', 'production') as Id<'environment'>,
    };
    const caller: Caller = {
      tenantId,
      environmentId: environments.sandbox,
      environment: { kind: 'SANDBOX', status: 'ACTIVE' },
      actor: { type: 'USER', id: idOf('principals', 'user') as Id<'principal'>, onBehalfOf: null },
      credential: { type: 'api_key', id: idOf('apiKeys', 'operator-sandbox') },
      scopes: new Set([...roles.operator, ...roles.administrator]),
      controlScopes: new Set([...roles.operator, ...roles.administrator]),
      roles: ['administrator', 'operator'],
      controlRoles: ['administrator', 'operator'],
      riskCeiling: 'R3',
      loginAgeSeconds: null,
      tenantPolicy: defaultTenantPolicy,
    };
    const principals = new Map(
      (made['principals'] as unknown as { name: string; id: Id<'principal'> }[]).map(({ name: handle, id }) => [
        handle,
        id,
      ]),
    );
    const signIn = async (handle: string, options: SignInOptions = {}): Promise<Caller> => {
      const granted = people[handle as keyof typeof people] ?? [];
      const scopes = new Set(granted.flatMap((role): readonly string[] => roles[role]));
      const loginAgeSeconds = options.loginAgeSeconds ?? 0;
      const environment = options.environment ?? 'sandbox';
      const person: Caller = {
        ...caller,
        environmentId: environments[environment],
        environment: { kind: environment === 'sandbox' ? 'SANDBOX' : 'PRODUCTION', status: 'ACTIVE' },
        actor: { type: 'USER', id: principals.get(handle) ?? caller.actor.id, onBehalfOf: null },
        scopes,
        controlScopes: scopes,
        roles: [...granted].toSorted(),
        controlRoles: [...granted].toSorted(),
        loginAgeSeconds,
      };
      const opened = await runWith(
        { ...person, controlScopes: new Set(roles.login), credential: null },
        'access.open_session',
        {
          environmentId: environments[environment],
          secretHash: Buffer.from(hashApiKeySecret(randomBytes(32))).toString('base64'),
          authenticatedAt: new Date(Date.now() - loginAgeSeconds * 1000).toISOString(),
          expiresAt: new Date(Date.now() + 8 * 60 * 60 * 1000).toISOString(),
        },
      );
      return { ...person, credential: { type: 'session', id: String(opened['sessionId']) } };
    };
    const run = (type: string, input: unknown, options: RunOptions = {}): Promise<Outcome> =>
      execute(options.executor ?? executor, type, input, metadataFor(options.caller ?? caller, options));
    return {
      tenantId,
      environments,
      apiKey: formatApiKey({ tenantId, apiKeyId: idOf('apiKeys', 'operator-sandbox') as Id<'apiKey'>, secret }),
      caller,
      principals,
      signIn,
      run,
      succeed: async (type, input, options = {}) => responseOf(await run(type, input, options)),
    };
  }

  async function runWith(caller: Caller, type: string, input: unknown) {
    return responseOf(await execute(executor, type, input, metadataFor(caller)));
  }

  return {
    testDatabase,
    database,
    signer,
    executor,
    executorWith,
    createTenant,
    close: async () => {
      await executor.drain();
      await database.close();
      await testDatabase.drop();
    },
  };
}

export async function execute(
  executor: Executor,
  type: string,
  input: unknown,
  metadata: CommandMetadata,
): Promise<Outcome> {
  const definition = registry.commands.get(type);
  if (!definition) throw new Error(`no command ${type}`);
  const parsed = parseCommand(definition, input);
  if (!parsed.ok) throw new Error(`${type}: ${JSON.stringify(parsed.issues)}`);
  return executor.execute(parsed.command, metadata);
}

export function responseOf(outcome: Outcome): Record<string, never> & Record<string, string> {
  if (outcome.kind === 'rejected') throw new Error(`${outcome.code}: ${outcome.detail}`);
  const { receipt } = outcome;
  if (receipt.status !== 'SUCCEEDED' || !receipt.response) {
    throw new Error(`${receipt.status}: ${Buffer.from(receipt.bytes).toString('utf8')}`);
  }
  return JSON.parse(Buffer.from(receipt.response).toString('utf8'));
}

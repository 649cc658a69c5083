import { randomBytes } from 'node:crypto';
import type { Caller, Executor, Outcome } from '@karmanflow/commands';
import {
  createTestWorld,
  execute,
  metadataFor,
  processPorts,
  responseOf,
  type TestWorld,
} from '@karmanflow/commands/testing';
import { roles } from '@karmanflow/policy';
import { bootDatabase, createLogger, startTelemetry } from '@karmanflow/runtime';
import { captureLog, type LogCapture } from '@karmanflow/runtime/testing';
import { controlEnvironmentOf, type Database, type Id, newId, openDatabase, toId } from '@karmanflow/schema';
import type { TestDatabase } from '@karmanflow/schema/testing';
import { createExecutor, systemAuthority } from '@karmanflow/commands';
import { bulkRunnerHandle } from '../bulk/visit-scope.ts';
import { dispatcherHandle } from '../delivery/tell-findings.ts';
import { createWorker, type Worker, type WorkerOptions } from '../create-worker.ts';
import { createSweeper, type Sweeper, type SweeperPorts } from '../sweeper/create-sweeper.ts';
import type { ExpiryOutcome } from '../sweeper/expire-due.ts';
import { sweeperHandle } from '../sweeper/find-sweeper.ts';

/** An environment in which a thousand units of one variant lie at one location. */
export interface Store {
  readonly tenantId: Id<'tenant'>;
  readonly environmentId: Id<'environment'>;
  readonly sweeperId: string;
  readonly bulkRunnerId: string;
  /** As whom `run` acts. */
  readonly operator: Caller;
  run(type: string, input: unknown, options?: { key?: string; as?: 'CONNECTOR' }): Promise<Outcome>;
  hold(options?: { holdSeconds?: number; quantity?: number }): Promise<Hold>;
  /** Status of a reservation as it stands. */
  statusOf(reservationId: string): Promise<string>;
  reserved(): Promise<number>;
}

export interface Hold {
  readonly reservationId: Id<'reservation'>;
  readonly expiresAt: string;
}

export interface RunningWorker extends Worker {
  readonly log: LogCapture;
}

/** A sweeper without the loop: a test says when it sweeps. */
export interface ManualSweeper extends Sweeper {
  readonly log: LogCapture;
  readonly outcomes: ExpiryOutcome[];
  once(): ReturnType<Sweeper['sweep']>;
}

export interface WorkerWorld {
  readonly world: TestWorld;
  readonly admin: Awaited<ReturnType<TestDatabase['admin']>>;
  /** A tenant with one store for each kind of environment. */
  createTenant(name: string): Promise<{ readonly sandbox: Store; readonly production: Store }>;
  start(options?: Partial<WorkerOptions>): Promise<RunningWorker>;
  sweeper(change?: Partial<SweeperPorts>): ManualSweeper;
  /** Waits until the database's clock has passed an instant. */
  waitForClock(instant: string): Promise<void>;
  close(): Promise<void>;
}

/** The operator's place, with what a connector may do. */
function connectorLike(operator: Caller): Caller {
  return { ...operator, actor: { ...operator.actor, type: 'CONNECTOR' }, scopes: new Set(roles.connector) };
}

export async function createWorkerWorld(): Promise<WorkerWorld> {
  const world = await createTestWorld();
  const admin = await world.testDatabase.admin();
  const url = world.testDatabase.urlFor('kf_worker');
  const running: RunningWorker[] = [];
  const opened: Database[] = [];
  const executors: Executor[] = [];

  async function createTenant(name: string): Promise<{ sandbox: Store; production: Store }> {
    const tenantId = toId('tenant', Bun.randomUUIDv7());
    const made = responseOf(
      await execute(world.executor, 'access.bootstrap_tenant', bootstrap(name), metadataFor(platform(tenantId))),
    );
    const idOf = (list: string, wanted: string): string => {
      const found = (made[list] as unknown as { name: string; id: string }[]).find((one) => one.name === wanted);
      if (!found) throw new Error(`${wanted} was not made`);
      return found.id;
    };
    const store = (environment: string, kind: Caller['environment']['kind']) =>
      createStore({
        tenantId,
        sweeperId: idOf('principals', sweeperHandle),
        bulkRunnerId: idOf('principals', bulkRunnerHandle),
        operator: {
          ...platform(tenantId),
          environmentId: idOf('environments', environment) as Id<'environment'>,
          environment: { kind, status: 'ACTIVE' },
          actor: { type: 'USER', id: idOf('principals', 'operator') as Id<'principal'>, onBehalfOf: null },
          scopes: new Set(roles.operator),
          riskCeiling: 'R2',
        },
      });
    return { sandbox: await store('sandbox', 'SANDBOX'), production: await store('production', 'PRODUCTION') };
  }

  async function createStore(options: {
    tenantId: Id<'tenant'>;
    sweeperId: string;
    bulkRunnerId: string;
    operator: Caller;
  }): Promise<Store> {
    const { tenantId, sweeperId, bulkRunnerId, operator } = options;
    const { environmentId } = operator;
    const run: Store['run'] = (type, input, more = {}) =>
      execute(
        world.executor,
        type,
        input,
        metadataFor(more.as === undefined ? operator : connectorLike(operator), more),
      );
    const succeed = async (type: string, input: unknown) => responseOf(await run(type, input));
    const { variantId } = await succeed('inventory.register_variant', { sku: 'MUG-1', name: 'Mug' });
    const { locationId } = await succeed('inventory.register_location', { code: 'BER-1', name: 'Berlin' });
    await succeed('inventory.adjust', { variantId, locationId, delta: 1_000, reason: 'received' });
    const uuids = [tenantId.slice(4), environmentId.slice(4)];
    return {
      tenantId,
      environmentId,
      sweeperId,
      bulkRunnerId,
      operator,
      run,
      async hold({ holdSeconds = 1, quantity = 1 } = {}) {
        const made = await succeed('reservation.create', { holdSeconds, lines: [{ variantId, locationId, quantity }] });
        return {
          reservationId: String(made['reservationId']) as Id<'reservation'>,
          expiresAt: String(made['expiresAt']),
        };
      },
      async statusOf(reservationId) {
        const { rows } = await admin.query(
          'select status from kf.reservations where tenant_id = $1 and environment_id = $2 and id = $3',
          [...uuids, reservationId.slice(4)],
        );
        return rows[0].status;
      },
      async reserved() {
        const { rows } = await admin.query(
          'select sum(reserved) as n from kf.inventory_levels where tenant_id = $1 and environment_id = $2',
          uuids,
        );
        return Number(rows[0].n);
      },
    };
  }

  async function start(options: Partial<WorkerOptions> = {}): Promise<RunningWorker> {
    const log = captureLog();
    const logger = createLogger({ app: 'worker', level: 'debug', destination: log.destination });
    const worker = await createWorker({
      profile: 'local',
      port: 0,
      metricsPort: 0,
      database: await bootDatabase({
        url,
        role: 'kf_worker',
        profile: 'local',
        applicationName: 'kf-test-worker',
        logger,
      }),
      signer: world.signer,
      logger,
      telemetry: await startTelemetry({ serviceName: 'worker', endpoint: null }),
      sweepIntervalMilliseconds: 20,
      ...options,
    });
    const started = { ...worker, log };
    running.push(started);
    return started;
  }

  function sweeper(change: Partial<SweeperPorts> = {}): ManualSweeper {
    const log = captureLog();
    const outcomes: ExpiryOutcome[] = [];
    const database = openDatabase({ url, applicationName: 'kf-test-sweeper' });
    const ports = processPorts(database, world.signer);
    const executor = createExecutor({ ...ports, transactionsMax: 4 });
    opened.push(database);
    executors.push(executor);
    const made = createSweeper({
      database,
      executor,
      logger: createLogger({ app: 'worker', level: 'debug', destination: log.destination }),
      tracer: ports.tracer,
      uuidSource: ports.uuidSource,
      randomBytes,
      monotonicNow: ports.monotonicNow,
      onExpiry: (outcome) => void outcomes.push(outcome),
      onScope: () => undefined,
      ...change,
    });
    return { ...made, log, outcomes, once: () => made.sweep(new AbortController().signal) };
  }

  return {
    world,
    admin,
    createTenant,
    start,
    sweeper,
    async waitForClock(instant) {
      // The server waits, on the clock that decides.
      await admin.query('select pg_sleep(greatest(0, extract(epoch from $1::timestamptz - clock_timestamp())))', [
        instant,
      ]);
    },
    async close() {
      await Promise.all(running.map((worker) => worker.stop().catch(() => undefined)));
      await Promise.all(executors.map((executor) => executor.drain()));
      await Promise.all(opened.map((database) => database.close()));
      await world.close();
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

function bootstrap(name: string): unknown {
  return {
    name,
    environments: [
      { name: 'sandbox', kind: 'SANDBOX' },
      { name: 'production', kind: 'PRODUCTION' },
    ],
    principals: [
      { handle: 'operator', type: 'USER', roles: ['operator'] },
      { handle: sweeperHandle, type: 'SYSTEM', roles: ['expiry_sweeper'] },
      { handle: bulkRunnerHandle, type: 'SYSTEM', roles: ['bulk_runner'] },
      { handle: dispatcherHandle, type: 'SYSTEM', roles: ['webhook_dispatcher'] },
    ],
    apiKeys: [],
    ingestSources: [],
  };
}

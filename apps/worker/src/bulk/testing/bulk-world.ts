import { randomBytes } from 'node:crypto';
import { createExecutor, type Executor } from '@karmanflow/commands';
import { processPorts, proveHistory, responseOf, runUnapproved } from '@karmanflow/commands/testing';
import { createLogger } from '@karmanflow/runtime';
import { captureLog, type LogCapture } from '@karmanflow/runtime/testing';
import { type Database, openDatabase } from '@karmanflow/schema';
import { createWorkerWorld, type Store, type WorkerWorld } from '../../testing/worker-world.ts';
import { type BulkRunner, type BulkRunnerPorts, createBulkRunner } from '../create-bulk-runner.ts';

/** What a receipt says, as far as these tests look. */
export interface ReceiptBody {
  readonly receiptId: string;
  readonly status: string;
  readonly causationId: string | null;
  readonly actor: { readonly type: string; readonly id: string };
}

/** A bulk runner without the loop: a test says when it goes round. */
export interface ManualBulkRunner {
  readonly log: LogCapture;
  /** What became of each reservation that it tried to cancel. */
  readonly parts: readonly string[];
  round(signal?: AbortSignal): ReturnType<BulkRunner['round']>;
}

export interface BulkWorld {
  readonly workerWorld: WorkerWorld;
  /** As the worker's role. */
  readonly database: Database;
  readonly executor: Executor;
  bulkRunner(change?: Partial<BulkRunnerPorts>): ManualBulkRunner;
  /** Runs what would wait for a human, as if it had been approved. */
  unapproved(store: Store, type: string, input: object, by?: Executor): Promise<Record<string, unknown>>;
  /** Reservations of one unit each that do not end soon. */
  holds(store: Store, count: number): Promise<string[]>;
  /** Starts a mass cancellation and returns its id. */
  start(store: Store, input: object): Promise<string>;
  progress(massCancelId: string): Promise<{ status: string; cancelled: number }>;
  /** How many reservations of the environment have which status. */
  statuses(store: Store): Promise<Record<string, number>>;
  receipts(store: Store, type: string): Promise<ReceiptBody[]>;
  /** An executor that dies after so many commands: from then on nothing is tried, as in a process that is gone. */
  dyingAfter(commands: number): { readonly executor: Executor; died(): boolean };
  /** What is wrong with the database; nothing, if all is well. */
  complaints(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export async function createBulkWorld(): Promise<BulkWorld> {
  const workerWorld = await createWorkerWorld();
  const { world, admin } = workerWorld;
  const database = openDatabase({ url: world.testDatabase.urlFor('kf_worker'), applicationName: 'kf-test-bulk' });
  const processOf = processPorts(database, world.signer);
  const executor = createExecutor({ ...processOf, transactionsMax: 4 });
  const placeOf = (store: Store): string[] => [store.tenantId.slice(4), store.environmentId.slice(4)];

  const unapproved: BulkWorld['unapproved'] = async (store, type, input, by = world.executor) =>
    responseOf(await runUnapproved(by, type, input, { caller: store.operator }));

  return {
    workerWorld,
    database,
    executor,
    unapproved,
    bulkRunner(change = {}) {
      const log = captureLog();
      const parts: string[] = [];
      const made = createBulkRunner({
        database,
        executor,
        logger: createLogger({ app: 'worker', level: 'debug', destination: log.destination }),
        tracer: processOf.tracer,
        uuidSource: processOf.uuidSource,
        randomBytes,
        monotonicNow: processOf.monotonicNow,
        settleMilliseconds: 0,
        lookAgainMilliseconds: 0,
        onPart: (outcome) => void parts.push(outcome),
        onLevels: () => undefined,
        onVisit: () => undefined,
        ...change,
      });
      return { log, parts, round: (signal = new AbortController().signal) => made.round(signal) };
    },
    async holds(store, count) {
      const made = await Promise.all(Array.from({ length: count }, () => store.hold({ holdSeconds: 3_600 })));
      return made.map(({ reservationId }) => reservationId);
    },
    start: async (store, input) => String((await unapproved(store, 'reservation.mass_cancel', input))['massCancelId']),
    async progress(massCancelId) {
      const { rows } = await admin.query('select status, cancelled_count from kf.mass_cancels where id = $1', [
        massCancelId.slice(4),
      ]);
      return { status: rows[0].status, cancelled: Number(rows[0].cancelled_count) };
    },
    async statuses(store) {
      const { rows } = await admin.query(
        'select status, count(*)::int as n from kf.reservations where tenant_id = $1 and environment_id = $2 group by 1',
        placeOf(store),
      );
      return Object.fromEntries(rows.map((row) => [row.status, row.n]));
    },
    async receipts(store, type) {
      const { rows } = await admin.query(
        'select body from kf.command_receipts where tenant_id = $1 and environment_id = $2 and command_type = $3',
        [...placeOf(store), type],
      );
      return rows.map((row) => JSON.parse(row.body.toString('utf8')));
    },
    dyingAfter(commands) {
      let left = commands;
      return {
        died: () => left < 0,
        executor: {
          ...executor,
          execute: async (command, metadata) => {
            left -= 1;
            if (left < 0) return { kind: 'rejected', code: 'draining', detail: 'gone' };
            return executor.execute(command, metadata);
          },
        },
      };
    },
    complaints: async () =>
      (await proveHistory({ adminUrl: world.testDatabase.adminUrl, signer: world.signer })).complaints,
    async close() {
      await executor.drain();
      await database.close();
      await workerWorld.close();
    },
  };
}

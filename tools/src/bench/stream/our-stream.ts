import { createTestWorld, execute, metadataFor, type TestTenant, type TestWorld } from '@karmanflow/commands/testing';
import { registry } from '@karmanflow/commands';
import {
  createConsumerRunner,
  defineConsumer,
  drainQueue,
  lastSeq,
  lead,
  type Projection,
  readReceiptEvents,
  readStream,
} from '@karmanflow/events';
import { leafHash } from '@karmanflow/receipts';
import { type Database, openDatabase, type Scope, toUuid } from '@karmanflow/schema';
import type { StreamBenchOptions } from './stream-options.ts';

/** How many events, spread over how many entities. */
export interface AppendWork {
  readonly events: number;
  readonly entities: number;
}

/** Ours: commands through the executor, a sequencer beside it, and durable consumers behind it, in this process. */
export interface OurStream {
  /** Adjusts stock, one event for each command, and waits until the sequencer has given every event its position. */
  append(work: AppendWork): Promise<number>;
  /** Reads the whole stream, page by page. */
  read(): Promise<number>;
  /** A new durable consumer takes the whole stream; with a row for each event, written with the checkpoint. */
  consume(kind: 'effect' | 'projection'): Promise<number>;
  /** Events that the stream has. */
  length(): Promise<number>;
  close(): Promise<void>;
}

export async function createOurStream(bench: StreamBenchOptions): Promise<OurStream> {
  const world = await createTestWorld();
  const tenant = await world.createTenant('Bench');
  const open = (role: 'kf_sequencer' | 'kf_worker' | 'kf_read'): Database =>
    openDatabase({ url: world.testDatabase.urlFor(role), applicationName: 'kf-bench' });
  const [sequencers, workers, readers] = [open('kf_sequencer'), open('kf_worker'), open('kf_read')];
  const scope: Scope = { tenantId: tenant.tenantId, environmentId: tenant.environments.sandbox };
  const admin = await world.testDatabase.admin();
  await admin.query(
    'create table kf.bench_jobs (event_id uuid not null); grant select, insert, truncate on kf.bench_jobs to kf_worker',
  );
  const levels = await stock(tenant, bench.entities);
  const sequencing = new AbortController();
  const sequencer = sequence(sequencers, sequencing.signal);
  let consumers = 0;

  return {
    append: (work) => append({ world, tenant, levels: levels.slice(0, work.entities), work, bench, readers, scope }),
    async read() {
      let events = 0;
      for (let afterSeq = 0, hasMore = true; hasMore;) {
        const page = await readStream(readers, { scope, afterSeq, limit: 1_000 });
        events += page.events.length;
        ({ seq: afterSeq, hasMore } = page);
      }
      return events;
    },
    async consume(kind) {
      let done = 0;
      consumers += 1;
      const projection: Projection = {
        async apply({ send }, events) {
          await send(
            events.map(({ event }) => ({
              name: 'bench_job',
              text: 'INSERT INTO kf.bench_jobs (event_id) VALUES ($1)',
              values: [toUuid(event.eventId)],
            })),
          );
          done += events.length;
        },
        clear: async () => undefined,
      };
      const consumer = defineConsumer({
        name: `bench_${consumers}`,
        onPoison: 'stop',
        ...(kind === 'projection'
          ? { projection }
          : { sideEffect: async ({ events }) => void (done += events.length) }),
      });
      const runner = createConsumerRunner({
        database: workers,
        consumers: [consumer],
        upcast: registry.upcast,
        ownerId: Bun.randomUUIDv7(),
        monotonicNow: () => performance.now(),
      });
      const { signal } = new AbortController();
      while (await runner.look(signal));
      await runner.release();
      return done;
    },
    async length() {
      const { rows } = await admin.query('select count(*) as n from kf.stream_events');
      return Number(rows[0].n);
    },
    async close() {
      sequencing.abort();
      await sequencer;
      await Promise.all([sequencers.close(), workers.close(), readers.close()]);
      await world.close();
    },
  };
}

async function stock(tenant: TestTenant, entities: number): Promise<{ variantId: string; locationId: string }[]> {
  const { locationId = '' } = await tenant.succeed('inventory.register_location', { code: 'BER-1', name: 'Berlin' });
  return Promise.all(
    Array.from({ length: entities }, async (_, at) => {
      const input = { sku: `MUG-${at}`, name: `Mug ${at}` };
      const { variantId = '' } = await tenant.succeed('inventory.register_variant', input);
      return { variantId, locationId };
    }),
  );
}

async function append(parts: {
  readonly world: TestWorld;
  readonly tenant: TestTenant;
  readonly levels: readonly { variantId: string; locationId: string }[];
  readonly work: AppendWork;
  readonly bench: StreamBenchOptions;
  readonly readers: Database;
  readonly scope: Scope;
}): Promise<number> {
  const { world, tenant, levels, work, bench, readers, scope } = parts;
  const before = await lastSeq(readers, scope);
  let started = 0;
  let succeeded = 0;
  const lane = async (): Promise<void> => {
    while (started < work.events) {
      const level = levels[started % levels.length];
      started += 1;
      const input = { ...level, delta: 1, reason: 'received' };
      const outcome = await execute(world.executor, 'inventory.adjust', input, metadataFor(tenant.caller));
      if (outcome.kind === 'receipt' && outcome.receipt.status === 'SUCCEEDED') succeeded += 1;
    }
  };
  await Promise.all(Array.from({ length: bench.atOnce }, lane));
  while ((await lastSeq(readers, scope)) < before + succeeded) await Bun.sleep(5);
  return succeeded;
}

/** Gives positions until it is told to stop, as the worker does. */
async function sequence(database: Database, signal: AbortSignal): Promise<void> {
  await lead(database, {
    leaderId: Bun.randomUUIDv7(),
    async work({ connection, epoch }) {
      while (!signal.aborted) {
        const round = await drainQueue(connection, {
          epoch,
          readReceipt: (body) => ({ leafHash: leafHash(body), eventIds: readReceiptEvents(body) ?? [] }),
          distrust: false,
        });
        await Bun.sleep(round.isFull ? 0 : 20);
      }
    },
  });
}

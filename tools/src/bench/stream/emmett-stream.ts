import { getPostgreSQLEventStore, postgreSQLEventStoreConsumer } from '@event-driven-io/emmett-postgresql';
import type { Event } from '@event-driven-io/emmett';
import type { AppendWork } from './our-stream.ts';
import type { StreamBenchOptions } from './stream-options.ts';

type StockAdjusted = Event<
  'StockAdjusted',
  { readonly variantId: string; readonly delta: number; readonly reason: string }
>;

/** The peer for appending and for catching up: an event store in TypeScript on Postgres. */
export interface EmmettStream {
  append(work: AppendWork): Promise<number>;
  /** A new consumer takes everything from the beginning, message by message, and keeps its checkpoint. */
  consume(): Promise<number>;
  close(): Promise<void>;
}

export async function createEmmettStream(options: {
  readonly connectionString: string;
  readonly bench: StreamBenchOptions;
  /** Bytes of one of our events, so that both store as much. */
  readonly eventBytes: number;
}): Promise<EmmettStream> {
  const { connectionString, bench, eventBytes } = options;
  const store = getPostgreSQLEventStore(connectionString);
  await store.schema.migrate();
  const reason = 'x'.repeat(Math.max(1, eventBytes - 120));
  let consumers = 0;
  return {
    async append({ events, entities }) {
      let started = 0;
      let appended = 0;
      const lane = async (): Promise<void> => {
        while (started < events) {
          const variantId = `variant-${started % entities}`;
          started += 1;
          const event: StockAdjusted = { type: 'StockAdjusted', data: { variantId, delta: 1, reason } };
          await untilTaken(() => store.appendToStream<StockAdjusted>(variantId, [event]));
          appended += 1;
        }
      };
      await Promise.all(Array.from({ length: bench.atOnce }, lane));
      return appended;
    },
    async consume() {
      const seen = new Set<bigint>();
      consumers += 1;
      const consumer = postgreSQLEventStoreConsumer<StockAdjusted>({
        // An address of its own: closing a consumer closes the pool of its address, and the store's with it.
        connectionString: `${connectionString}?application_name=bench_${consumers}`,
        stopWhen: { noMessagesLeft: true },
        pulling: { batchSize: 1_000, pullingFrequencyInMs: 1 },
      });
      consumer.reactor<StockAdjusted>({
        processorId: `bench-${consumers}`,
        startFrom: 'BEGINNING',
        // What comes twice counts once.
        eachMessage: ({ metadata }) => void seen.add(metadata.globalPosition),
      });
      try {
        await consumer.start();
      } finally {
        await consumer.close();
      }
      return seen.size;
    },
    close: () => store.close(),
  };
}

const attemptsMax = 1_000;

/** Without a check of the version too, an append to a stream that others write conflicts now and then: its user tries again. */
async function untilTaken(append: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await append();
      return;
    } catch (error) {
      const isConflict = error instanceof Error && 'errorCode' in error && error.errorCode === 412;
      if (!isConflict || attempt >= attemptsMax) throw error;
    }
  }
}

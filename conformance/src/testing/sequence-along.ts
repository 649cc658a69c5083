import { drainQueue, lead, readReceiptEvents } from '@karmanflow/events';
import { leafHash } from '@karmanflow/receipts';
import type { Database } from '@karmanflow/schema';

const pauseMilliseconds = 20;
const readReceipt = (body: Uint8Array) => ({ leafHash: leafHash(body), eventIds: readReceiptEvents(body) ?? [] });

/**
 * Gives what is committed its place in the stream, as a worker does beside the API, until it is stopped. `database` is opened
 * as kf_sequencer, and closed by who opened it.
 */
export function sequenceAlong(database: Database): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const leading = lead(database, {
    leaderId: Bun.randomUUIDv7(),
    async work({ connection, epoch }) {
      // A test machine may stand still for longer than a leader may be silent.
      await connection.query('SET idle_session_timeout = 0');
      while (!stopping.signal.aborted) {
        const { transactions } = await drainQueue(connection, { epoch, readReceipt, distrust: false });
        if (transactions === 0) await Bun.sleep(pauseMilliseconds);
      }
    },
  });
  return {
    async stop() {
      stopping.abort();
      await leading;
    },
  };
}

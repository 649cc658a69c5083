import { assignPositions } from './assign-positions.ts';
import type { Connection } from './connection.ts';
import { fencedTransaction } from './fenced-transaction.ts';
import { leaveOutKnown } from './leave-out-known.ts';
import { loadPending, queueRows, type ReadReceipt, selectQueue } from './pending-work.ts';
import { sequenceLimits } from './sequence-limits.ts';
import { writePositions } from './write-positions.ts';

/** What one round did. */
export interface DrainRound {
  readonly transactions: number;
  readonly leaves: number;
  readonly events: number;
  /** Tenants whose log grew (UUIDs). */
  readonly tenantIds: readonly string[];
  /** Receipts that the queue named and that are not there: somebody wrote to the queue who is no command. */
  readonly missing: readonly string[];
  /** Whether more may be waiting, so that the next round should begin at once. */
  readonly isFull: boolean;
}

export interface DrainOptions {
  readonly epoch: number;
  readonly readReceipt: ReadReceipt;
  /** After a round that found a position taken: look first at what has one already, and leave it out. */
  readonly distrust: boolean;
}

/**
 * One round of the sequencer, one transaction: takes what waits in the queue as one snapshot shows it, gives leaves and
 * events their positions, and removes it from the queue. Whenever it is cut off, either all of this has happened or
 * nothing has. Throws `TermEnded` when another process leads, and what the database throws.
 */
export async function drainQueue(connection: Connection, options: DrainOptions): Promise<DrainRound> {
  const { epoch, readReceipt, distrust } = options;
  return fencedTransaction(connection, {
    epoch,
    first: [selectQueue],
    async work(send, [waiting]) {
      const queue = waiting ? queueRows(waiting) : [];
      if (queue.length === 0) return nothing;
      const { transactions, heads, missing } = await loadPending(queue, { send, readReceipt });
      const positions = assignPositions(distrust ? await leaveOutKnown(transactions, send) : transactions, heads);
      await writePositions(positions, { queue, send });
      return {
        transactions: queue.length,
        leaves: positions.leaves.length,
        events: positions.events.length,
        tenantIds: [...new Set(positions.leaves.map(({ tenantId }) => tenantId))],
        missing,
        isFull: queue.length < (waiting?.rows.length ?? 0) || queue.length >= sequenceLimits.transactionsPerRound,
      };
    },
  });
}

const nothing: DrainRound = { transactions: 0, leaves: 0, events: 0, tenantIds: [], missing: [], isFull: false };

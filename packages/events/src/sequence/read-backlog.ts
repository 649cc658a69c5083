import { schemaName } from '@karmanflow/schema';
import { type Connection, sendAll } from './connection.ts';

/** What waits for its positions. */
export interface Backlog {
  /** Transactions, counted up to a thousand. */
  readonly transactions: number;
  /** Age of the oldest one's first receipt by the database's clock; 0 when none waits. */
  readonly oldestSeconds: number;
}

const counted = 1_000;

/**
 * How much waits, and for how long. Receipt ids are UUIDs of version 7, which begin with the time at which they were made, so
 * that the queue alone tells; a rewritten queue can only make itself look older or younger.
 */
export async function readBacklog(connection: Connection): Promise<Backlog> {
  const [answer] = await sendAll(connection, [
    {
      text: `select receipt_ids[1] as first, extract(epoch from clock_timestamp()) * 1000 as now
        from ${schemaName}.log_pending order by position limit ${counted}`,
    },
  ]);
  const rows = answer?.rows ?? [];
  const [oldest] = rows;
  if (!oldest) return { transactions: 0, oldestSeconds: 0 };
  const madeAt = Number.parseInt(String(oldest['first']).replaceAll('-', '').slice(0, 12), 16);
  const seconds = (Number(oldest['now']) - madeAt) / 1000;
  return { transactions: rows.length, oldestSeconds: Number.isFinite(seconds) ? Math.max(0, seconds) : 0 };
}

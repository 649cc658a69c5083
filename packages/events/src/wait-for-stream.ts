import { type Database, type Scope, toUuid } from '@karmanflow/schema';
import { lastSeq } from './read-stream.ts';

export interface WaitPorts {
  readonly monotonicNow: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** What a wait may take. */
export interface WaitBounds {
  readonly deadlineMilliseconds: number;
  /** Between two looks. */
  readonly intervalMilliseconds: number;
}

/** Waits until the stream of an environment reaches `seq`. False when it did not within the deadline. */
export async function waitForSeq(
  database: Database,
  wanted: { readonly scope: Scope; readonly seq: number } & WaitBounds,
  ports: WaitPorts,
): Promise<boolean> {
  const reached = await poll(wanted, ports, async () => (await lastSeq(database, wanted.scope)) >= wanted.seq);
  return reached === true;
}

/** Where a receipt and its events stand. */
export interface ReceiptPosition {
  /** In the log of the tenant, from 0. */
  readonly leafIndex: number;
  /** Of its last event in the stream; null when it caused none. */
  readonly lastSeq: number | null;
}

/**
 * Waits until a receipt has its position, and so its events have theirs: who reads the stream up to `lastSeq` then reads
 * what the command did. Null when it has none within the deadline, or when there is no such receipt.
 */
export async function waitForReceipt(
  database: Database,
  wanted: { readonly scope: Scope; readonly receiptId: string; readonly eventIds: readonly string[] } & WaitBounds,
  ports: WaitPorts,
): Promise<ReceiptPosition | null> {
  const found = await poll(wanted, ports, () => positionOf(database, wanted));
  return found === false ? null : found;
}

async function positionOf(
  database: Database,
  wanted: { readonly scope: Scope; readonly receiptId: string; readonly eventIds: readonly string[] },
): Promise<ReceiptPosition | false> {
  const { scope } = wanted;
  const tenantId = toUuid(scope.tenantId);
  const environmentId = toUuid(scope.environmentId);
  const lastEventId = wanted.eventIds.at(-1);
  return database.read(scope, async (db) => {
    const leaf = await db
      .selectFrom('log_leaves')
      .select('leaf_index')
      .where('tenant_id', '=', tenantId)
      .where('environment_id', '=', environmentId)
      .where('command_receipt_id', '=', toUuid(wanted.receiptId))
      .executeTakeFirst();
    if (!leaf) return false;
    if (lastEventId === undefined) return { leafIndex: leaf.leaf_index, lastSeq: null };
    const event = await db
      .selectFrom('stream_events')
      .select('seq')
      .where('tenant_id', '=', tenantId)
      .where('environment_id', '=', environmentId)
      .where('event_id', '=', toUuid(lastEventId))
      .executeTakeFirst();
    return { leafIndex: leaf.leaf_index, lastSeq: event?.seq ?? null };
  });
}

/** Asks again and again until the answer is not false, and gives the last answer at the deadline. */
async function poll<T>(bounds: WaitBounds, ports: WaitPorts, ask: () => Promise<T | false>): Promise<T | false> {
  const startedAt = ports.monotonicNow();
  for (;;) {
    const answer = await ask();
    const left = bounds.deadlineMilliseconds - (ports.monotonicNow() - startedAt);
    if (answer !== false || left <= 0) return answer;
    await ports.sleep(Math.min(bounds.intervalMilliseconds, left));
  }
}

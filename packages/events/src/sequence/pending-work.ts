import { schemaName, type Scope, toId } from '@karmanflow/schema';
import { type Heads, type PendingReceipt, type PendingTransaction, scopeName } from './assign-positions.ts';
import type { Answer, Statement } from './connection.ts';
import type { Send } from './fenced-transaction.ts';
import { sequenceLimits } from './sequence-limits.ts';
import { enter } from './term.ts';

/** What the sequencer has to know of a receipt: the hash of its leaf, and the ids of its events in their order (UUIDs). */
export interface ReceiptEntry {
  readonly leafHash: Uint8Array;
  readonly eventIds: readonly string[];
}

/** Reads the exact bytes of a receipt. Never throws: a receipt whose bytes are no receipt is a leaf without events. */
export type ReadReceipt = (body: Uint8Array) => ReceiptEntry;

/** A row of the queue, as it stands there. */
export interface QueueRow {
  readonly tenantId: string;
  readonly environmentId: string;
  readonly position: number;
  readonly receiptIds: readonly string[];
}

export interface PendingWork {
  readonly transactions: readonly PendingTransaction[];
  readonly heads: Heads;
  /** Receipts that the queue names and that are not there. Nobody who writes through commands can make one. */
  readonly missing: readonly string[];
}

/**
 * Everything that waits, as one snapshot shows it, in the order of the queue. A transaction that saw the effect of another
 * drew its position after that one had committed: whoever sees the effect sees the cause, at a lower position.
 */
export const selectQueue: Statement = {
  text:
    `select tenant_id, environment_id, position, receipt_ids from ${schemaName}.log_pending` +
    ` order by position limit ${sequenceLimits.transactionsPerRound}`,
};

/** The rows of the queue that one round takes: the first ones, and not much more than the receipts of a round. */
export function queueRows({ rows }: Answer): readonly QueueRow[] {
  const taken: QueueRow[] = [];
  let receipts = 0;
  for (const row of rows) {
    if (receipts >= sequenceLimits.receiptsPerRound) break;
    const receiptIds = row['receipt_ids'] as string[]; // The column is uuid[], never null.
    receipts += receiptIds.length;
    taken.push({
      tenantId: String(row['tenant_id']),
      environmentId: String(row['environment_id']),
      position: Number(row['position']),
      receiptIds,
    });
  }
  return taken;
}

export function scopeOf(place: { readonly tenantId: string; readonly environmentId: string }): Scope {
  return { tenantId: toId('tenant', place.tenantId), environmentId: toId('environment', place.environmentId) };
}

/** Queue rows by the scope that they belong to. */
export function byScope<Row extends { readonly tenantId: string; readonly environmentId: string }>(
  rows: readonly Row[],
): readonly Row[][] {
  return [...Map.groupBy(rows, scopeName).values()];
}

/**
 * Reads what the queue names, each receipt in the context of its own tenant and environment. One round trip, however many
 * tenants there are.
 */
export async function loadPending(
  queue: readonly QueueRow[],
  ports: { readonly send: Send; readonly readReceipt: ReadReceipt },
): Promise<PendingWork> {
  const scopes = byScope(queue);
  const statements = scopes.flatMap(statementsOf);
  const answers = await ports.send(statements);
  const each = statements.length / Math.max(1, scopes.length);
  const heads = { leaves: new Map<string, number>(), seqs: new Map<string, number>() };
  const found = new Map<string, PendingReceipt>();
  scopes.forEach(([first], at) => {
    if (!first) return;
    const [leaf, seq, receipts] = answers.slice(at * each + 2, (at + 1) * each);
    heads.leaves.set(first.tenantId, Number(leaf?.rows[0]?.['leaf_index'] ?? -1) + 1);
    heads.seqs.set(scopeName(first), Number(seq?.rows[0]?.['seq'] ?? 0));
    for (const row of receipts?.rows ?? []) {
      const { leafHash, eventIds } = ports.readReceipt(row['body'] as Uint8Array); // bytea, never null.
      const receipt = { id: String(row['id']), writtenIn: String(row['written_in']), leafHash, eventIds };
      found.set(`${scopeName(first)} ${receipt.id}`, receipt);
    }
  });
  return { ...resolve(queue, found), heads };
}

function statementsOf(rows: readonly QueueRow[]): Statement[] {
  const [first] = rows;
  if (!first) return [];
  const pair = [first.tenantId, first.environmentId];
  const ids = rows.flatMap(({ receiptIds }) => receiptIds);
  const own = 'tenant_id = $1 and environment_id = $2';
  return [
    ...enter(scopeOf(first)),
    // Of the whole tenant: a leaf of any of its environments may be the last.
    {
      text: `select leaf_index from ${schemaName}.log_leaves where tenant_id = $1 order by leaf_index desc limit 1`,
      values: [first.tenantId],
    },
    { text: `select seq from ${schemaName}.stream_events where ${own} order by seq desc limit 1`, values: pair },
    {
      text: `select id, written_in, body from ${schemaName}.command_receipts where ${own} and id = any($3::uuid[])`,
      values: [...pair, ids],
    },
  ];
}

function resolve(
  queue: readonly QueueRow[],
  found: ReadonlyMap<string, PendingReceipt>,
): Pick<PendingWork, 'transactions' | 'missing'> {
  const missing: string[] = [];
  const transactions = queue.map(({ receiptIds, ...place }): PendingTransaction => {
    const receipts = receiptIds.flatMap((id) => {
      const receipt = found.get(`${scopeName(place)} ${id}`);
      if (!receipt) missing.push(id);
      return receipt ? [receipt] : [];
    });
    return { ...place, receipts };
  });
  return { transactions, missing };
}

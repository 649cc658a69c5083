import { schemaName } from '@karmanflow/schema';
import { type EventPosition, type LeafPosition, type Positions, scopeName } from './assign-positions.ts';
import type { Answer, Statement } from './connection.ts';
import type { Send } from './fenced-transaction.ts';
import { byScope, type QueueRow, scopeOf } from './pending-work.ts';
import { enter } from './term.ts';

/**
 * Writes positions and takes what got them out of the queue, each tenant's rows in its own context. One round trip. Throws
 * when a row of the queue is gone: somebody else took it, and nothing of this may be committed.
 */
export async function writePositions(
  { leaves, events }: Positions,
  options: { readonly queue: readonly QueueRow[]; readonly send: Send },
): Promise<void> {
  const { queue, send } = options;
  const leavesOf = Map.groupBy(leaves, scopeName);
  const eventsOf = Map.groupBy(events, scopeName);
  const removals: number[] = [];
  const statements: Statement[] = [];
  for (const rows of byScope(queue)) {
    const [first] = rows;
    if (!first) continue;
    statements.push(...enter(scopeOf(first)));
    const pair = [first.tenantId, first.environmentId];
    const leafRows = leavesOf.get(scopeName(first))?.map(leafRow) ?? [];
    const eventRows = eventsOf.get(scopeName(first))?.map(eventRow) ?? [];
    statements.push(...insertRows(leafTable, pair, leafRows), ...insertRows(eventTable, pair, eventRows));
    removals.push(statements.length);
    statements.push({
      text: `DELETE FROM ${schemaName}.log_pending WHERE tenant_id = $1 AND environment_id = $2 AND position = ANY($3::bigint[])`,
      values: [first.tenantId, first.environmentId, rows.map(({ position }) => position)],
    });
  }
  const answers: readonly Answer[] = await send(statements);
  const removed = removals.reduce((total, at) => total + (answers[at]?.rowCount ?? 0), 0);
  if (removed !== queue.length) throw new Error(`${queue.length - removed} rows of the queue are gone`);
}

interface PositionTable {
  readonly name: string;
  /** The statement up to its rows, which begin with tenant and environment. */
  readonly head: string;
  /** Columns after those two. */
  readonly columns: number;
}

const leafTable: PositionTable = {
  name: 'leaves',
  head: `INSERT INTO ${schemaName}.log_leaves (tenant_id, environment_id, command_receipt_id, leaf_index, leaf_hash) VALUES`,
  columns: 3,
};
const eventTable: PositionTable = {
  name: 'events',
  head: `INSERT INTO ${schemaName}.stream_events (tenant_id, environment_id, seq, event_id, event_written_in, command_receipt_id) VALUES`,
  columns: 4,
};

const leafRow = ({ receiptId, leafIndex, leafHash }: LeafPosition): readonly unknown[] => [
  receiptId,
  leafIndex,
  Buffer.from(leafHash),
];
const eventRow = ({ seq, eventId, writtenIn, receiptId }: EventPosition): readonly unknown[] => [
  seq,
  eventId,
  writtenIn,
  receiptId,
];

/** Numbers of rows for which a statement is prepared: few, so that a session soon has all of them. */
const rowCounts = [512, 64, 8, 1] as const;

/** The rows of one scope in as few prepared statements as there are. */
function insertRows(
  table: PositionTable,
  pair: readonly string[],
  rows: readonly (readonly unknown[])[],
): readonly Statement[] {
  const statements: Statement[] = [];
  let from = 0;
  for (const count of rowCounts) {
    for (; rows.length - from >= count; from += count) {
      const values = [...pair, ...rows.slice(from, from + count).flat()];
      statements.push({ name: `positions_${table.name}_${count}`, text: insertText(table, count), values });
    }
  }
  return statements;
}

const texts = new Map<string, string>();

function insertText({ name, head, columns }: PositionTable, rows: number): string {
  const known = texts.get(`${name} ${rows}`);
  if (known !== undefined) return known;
  // Tenant and environment are the first two parameters of every row.
  const row = (at: number): string =>
    Array.from({ length: columns }, (_, column) => `$${at * columns + column + 3}`).join(', ');
  const values = Array.from({ length: rows }, (_, at) => `($1, $2, ${row(at)})`).join(', ');
  const text = `${head} ${values}`;
  texts.set(`${name} ${rows}`, text);
  return text;
}

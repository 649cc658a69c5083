import { schemaName } from '@karmanflow/schema';
import { type PendingTransaction, scopeName } from './assign-positions.ts';
import type { Statement } from './connection.ts';
import type { Send } from './fenced-transaction.ts';
import { byScope, scopeOf } from './pending-work.ts';
import { enter } from './term.ts';

/**
 * The same transactions without what has a position already, or stands among them twice. Commands cannot bring this about;
 * somebody who writes to the queue with SQL can, and must not be able to stop everybody else's sequencing by it.
 */
export async function leaveOutKnown(
  transactions: readonly PendingTransaction[],
  send: Send,
): Promise<readonly PendingTransaction[]> {
  const scopes = byScope(transactions);
  const statements = scopes.flatMap(knownOf);
  const answers = await send(statements);
  const each = statements.length / Math.max(1, scopes.length);
  const taken = new Set<string>();
  scopes.forEach(([first], at) => {
    if (!first) return;
    for (const { rows } of answers.slice(at * each + 2, (at + 1) * each)) {
      for (const row of rows) taken.add(`${scopeName(first)} ${row['id']}`);
    }
  });
  const takes = (name: string): boolean => !taken.has(name) && taken.add(name).has(name);
  return transactions.map((transaction) => ({
    ...transaction,
    receipts: transaction.receipts
      .filter(({ id }) => takes(`${scopeName(transaction)} ${id}`))
      .map((receipt) => ({
        ...receipt,
        eventIds: receipt.eventIds.filter((id) => takes(`${scopeName(transaction)} ${id}`)),
      })),
  }));
}

function knownOf(transactions: readonly PendingTransaction[]): Statement[] {
  const [first] = transactions;
  if (!first) return [];
  const pair = [first.tenantId, first.environmentId];
  const receipts = transactions.flatMap((transaction) => transaction.receipts);
  const known = (table: string, column: string, ids: readonly string[]): Statement => ({
    text:
      `select ${column} as id from ${schemaName}.${table} where tenant_id = $1 and environment_id = $2` +
      ` and ${column} = any($3::uuid[])`,
    values: [...pair, ids],
  });
  return [
    ...enter(scopeOf(first)),
    known(
      'log_leaves',
      'command_receipt_id',
      receipts.map(({ id }) => id),
    ),
    known(
      'stream_events',
      'event_id',
      receipts.flatMap(({ eventIds }) => eventIds),
    ),
  ];
}

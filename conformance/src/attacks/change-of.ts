import type { TableName } from '@karmanflow/schema';
import { changeableColumn } from '../world/statements.ts';

/** What an honest UPDATE of an entity sets: a column to itself, and the receipt of this transaction. */
export function changeOf(table: TableName, receipt: string): string {
  const column = changeableColumn(table);
  // In an upsert the bare name would be ambiguous; in a MERGE the table is called t.
  const source = receipt.startsWith('s.') ? 't' : table;
  return `${column} = ${source}.${column}, receipt_id = ${receipt}, written_in = pg_current_xact_id()`;
}

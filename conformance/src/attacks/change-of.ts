import { columnsOf, type TableName } from '@karmanflow/schema';
import { changeableColumn } from '../world/statements.ts';

/** What an honest UPDATE sets: a column to itself, and in an entity the receipt of this transaction. */
export function changeOf(table: TableName, receipt: string): string {
  const column = changeableColumn(table);
  // In an upsert the bare name would be ambiguous; in a MERGE the table is called t.
  const source = receipt.startsWith('s.') ? 't' : table;
  if (!('receipt_id' in columnsOf(table))) {
    // The statement has a place for a receipt all the same, which must stand somewhere.
    return receipt.startsWith('excluded.')
      ? `${column} = ${source}.${column}`
      : `${column} = CASE WHEN ${receipt} IS NOT NULL THEN ${source}.${column} END`;
  }
  return `${column} = ${source}.${column}, receipt_id = ${receipt}, written_in = pg_current_xact_id()`;
}

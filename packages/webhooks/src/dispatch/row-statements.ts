import type { Statement } from '@karmanflow/events';
import { columnsOf, type TableName } from '@karmanflow/schema';

/** Tenant and environment as UUIDs: $1 and $2 of every statement. */
export type ScopePair = readonly [tenant: string, environment: string];

/** The condition that names the scope of a row `alias`. Row-level security holds without it; the index needs it. */
export function within(alias: string): string {
  return `${alias}.tenant_id = $1 AND ${alias}.environment_id = $2`;
}

type Rows = readonly Readonly<Record<string, unknown>>[];

/**
 * One statement that inserts all rows; none where there are none. Every row has the columns of the first. The verb comes with
 * the table's name from who writes, so that a search for writers of a table finds each of them.
 */
export function insertRows(work: {
  /** `INSERT INTO` and the table. */
  readonly verb: string;
  readonly table: TableName;
  readonly pair: ScopePair;
  readonly rows: Rows;
}): Statement[] {
  const { verb, table, pair, rows } = work;
  const columns = Object.keys(rows[0] ?? {});
  if (rows.length === 0) return [];
  const tuples = rows.map((_, at) => `($1, $2, ${placeholders({ table, columns, from: 3 + at * columns.length })})`);
  return [
    {
      text: `${verb} (tenant_id, environment_id, ${columns.join(', ')}) VALUES ${tuples.join(', ')}`,
      values: [...pair, ...rows.flatMap((row) => columns.map((column) => row[column]))],
    },
  ];
}

/** One statement that changes all rows, each found by `key`, which is one of its columns; none where there are none. */
export function updateRows(work: {
  /** `UPDATE` and the table. */
  readonly verb: string;
  readonly table: TableName;
  readonly pair: ScopePair;
  readonly key: string;
  readonly rows: Rows;
}): Statement[] {
  const { verb, table, pair, key, rows } = work;
  if (rows.length === 0) return [];
  const columns = Object.keys(rows[0] ?? {});
  const tuples = rows.map((_, at) => `(${placeholders({ table, columns, from: 3 + at * columns.length })})`);
  // Said twice, so that rows are found by their key and never by a join over all rows of the environment.
  const keysAt = 3 + rows.length * columns.length;
  const sets = columns.filter((column) => column !== key).map((column) => `${column} = v.${column}`);
  return [
    {
      text:
        `${verb} AS d SET ${sets.join(', ')} FROM (VALUES ${tuples.join(', ')})` +
        ` AS v (${columns.join(', ')}) WHERE ${within('d')} AND d.${key} = v.${key} AND d.${key} = ANY($${keysAt}::uuid[])`,
      values: [...pair, ...rows.flatMap((row) => columns.map((column) => row[column])), rows.map((row) => row[key])],
    },
  ];
}

/** With types, since VALUES alone would take everything for text. */
function placeholders(row: { readonly table: TableName; readonly columns: readonly string[]; readonly from: number }) {
  const types = columnsOf(row.table);
  return row.columns.map((column, at) => `$${row.from + at}::${types[column]?.type}`).join(', ');
}

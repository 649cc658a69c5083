import { columnsOf, type TableName, tableOf } from '@karmanflow/schema';
import { accessOf } from '../attacks/access.ts';
import { changeOf } from '../attacks/change-of.ts';
import { rowOf, type RowsByTable, type SeedRow } from '../world/row-of.ts';
import { conditionOf, insertOf, primaryKeyOf, qualified, type Statement } from '../world/statements.ts';
import { uuidSequence } from '../world/uuid-sequence.ts';
import { homeOf, type World } from '../world/world.ts';
import type { Source, Step } from './step.ts';
import type { Stranger } from './stranger.ts';

/** What the symbols of a run's steps stand for. The same in both worlds. */
export interface Cast {
  readonly world: World;
  readonly stranger: Stranger;
  /** Rows that exist in neither world. */
  readonly nobody: RowsByTable;
  readonly receiptId: string;
}

function rowFrom(source: Source, table: TableName, { world, stranger, nobody }: Cast): SeedRow {
  const rows = { own: homeOf(world, table).rows.shared, stranger: stranger.rows, nobody }[source];
  const row = rows[table] ?? homeOf(world, table).rows.shared[table];
  if (!row) throw new Error(`no row of ${table} to name`);
  return row;
}

/** Columns that are the same whenever the rows are: the transaction and a queue's position are not. */
function comparableColumns(table: TableName): string {
  return Object.entries(columnsOf(table))
    .filter(([column, { identity }]) => column !== 'written_in' && !identity)
    .map(([column]) => column)
    .join(', ');
}

function insertedRow(step: Step, position: number, cast: Cast): SeedRow {
  const { table, key, text, parents } = step;
  const { world, stranger, receiptId } = cast;
  const place = homeOf(world, table);
  const texts = { own: 'shared', stranger: stranger.text, nobody: `nobody ${position}` };
  const row = rowOf(table, {
    tenantId: place.tenantId,
    environmentId: place.environmentId,
    placeName: stranger.placeName,
    label: texts[text],
    receiptId,
    newId: uuidSequence(`${stranger.text} ${position}`),
    parentOf: (other) =>
      parents === 'own' ? (place.rows.spare[other] ?? place.rows.shared[other]) : rowFrom(parents, other, cast),
  });
  if (key === 'nobody') return row;
  const named = rowFrom(key, table, cast);
  const ids = tableOf(table).key.filter((column) => columnsOf(table)[column]?.type === 'uuid' && column in row);
  return { ...row, ...Object.fromEntries(ids.map((column) => [column, named[column]])) };
}

/** The SQL of a step. It names the scope nowhere except where the step asks for the stranger's rows. */
export function statementOf(step: Step, position: number, cast: Cast): Statement {
  const { table, kind } = step;
  const from = qualified(table);
  const columns = comparableColumns(table);
  const place = homeOf(cast.world, table);
  const row: SeedRow = {
    ...rowFrom(step.key, table, cast),
    tenant_id: place.tenantId,
    environment_id: place.environmentId,
  };
  const keyColumns = primaryKeyOf(table).filter((column) => column in row);
  const key = conditionOf(keyColumns, row);
  const order = keyColumns.join(', ');
  const inserted = (suffix: string): Statement => insertOf(table, insertedRow(step, position, cast), suffix);
  const change = accessOf('kf_command', table).updates
    ? changeOf(table, `'${cast.receiptId}'`)
    : `tenant_id = ${table}.tenant_id`;
  switch (kind) {
    case 'read one':
      return { sql: `SELECT ${columns} FROM ${from} WHERE ${key.sql}`, values: key.values };
    case 'read all':
      return { sql: `SELECT ${columns} FROM ${from} ORDER BY ${order}`, values: [] };
    case 'read the stranger’s':
      return {
        sql: `SELECT ${columns} FROM ${from} WHERE tenant_id = $1 AND environment_id = $2`,
        values: Object.values(cast.stranger.ids),
      };
    case 'search':
      return {
        sql: `SELECT ${columns} FROM ${from} t WHERE t::text LIKE '%' || $1 || '%'`,
        values: [cast.stranger.ids.environmentId],
      };
    case 'count':
      return { sql: `SELECT count(*)::int AS rows, max(tenant_id::text) AS last FROM ${from}`, values: [] };
    case 'lock':
      return { sql: `SELECT ${columns} FROM ${from} WHERE ${key.sql} FOR UPDATE SKIP LOCKED`, values: key.values };
    case 'insert':
      return inserted('');
    case 'insert or skip':
      return inserted(' ON CONFLICT DO NOTHING');
    case 'upsert':
      return inserted(
        ` ON CONFLICT (${primaryKeyOf(table).join(', ')}) DO UPDATE SET ${change.replaceAll(`${table}.`, 'excluded.')}`,
      );
    case 'update one':
      return { sql: `UPDATE ${from} SET ${change} WHERE ${key.sql}`, values: key.values };
    case 'update all':
      return { sql: `UPDATE ${from} SET ${change}`, values: [] };
    case 'delete':
      return { sql: `DELETE FROM ${from} WHERE ${key.sql}`, values: key.values };
    case 'copy':
      return {
        sql: `INSERT INTO ${from} SELECT * FROM ${from} WHERE environment_id = $1`,
        values: [cast.stranger.ids.environmentId],
      };
    case 'divide by zero':
      return {
        sql: `SELECT FROM ${from} t WHERE t::text LIKE '%' || $1 || '%' AND 1 / (length(t::text) * 0) = 0`,
        values: [cast.stranger.text],
      };
  }
}

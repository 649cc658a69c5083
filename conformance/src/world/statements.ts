import { columnsOf, schemaName, type TableName, tableOf } from '@karmanflow/schema';
import type { SeedRow } from './row-of.ts';

export interface Statement {
  readonly sql: string;
  readonly values: readonly unknown[];
}

export const qualified = (name: string): string => `${schemaName}.${name}`;

export function insertOf(name: TableName, row: SeedRow, suffix = ''): Statement {
  const columns = Object.keys(row);
  const places = columns.map((_, index) => `$${index + 1}`);
  return {
    sql: `INSERT INTO ${qualified(name)} (${columns.join(', ')}) VALUES (${places.join(', ')})${suffix}`,
    values: Object.values(row),
  };
}

export function primaryKeyOf(name: TableName): readonly string[] {
  return ['tenant_id', 'environment_id', ...tableOf(name).key];
}

/** `a = $1 AND b = $2`, from a number on. */
export function conditionOf(columns: readonly string[], row: SeedRow, from = 1): Statement {
  return {
    sql: columns.map((column, index) => `${column} = $${from + index}`).join(' AND '),
    values: columns.map((column) => row[column]),
  };
}

/** A column that commands of the entity may change, other than its bookkeeping. */
export function changeableColumn(name: TableName): string {
  const own = Object.entries(columnsOf(name)).find(
    ([column, { fixed }]) => fixed !== true && column !== 'receipt_id' && column !== 'written_in',
  );
  if (!own) throw new Error(`${name} has no column that may change`);
  return own[0];
}

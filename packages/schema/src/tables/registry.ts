import { consumerTables } from './consumer-tables.ts';
import { controlTables } from './control-tables.ts';
import { type Column, type ColumnValue, type Table, uuid } from './definition.ts';
import { deliveryTables } from './delivery-tables.ts';
import { environmentTables } from './environment-tables.ts';
import { ledgerTables } from './ledger-tables.ts';
import { queueTables } from './queue-tables.ts';
import { sequenceTables } from './sequence-tables.ts';

/**
 * The table registry: the one place that says what exists, what belongs to a tenant as a whole or to an environment, what
 * is append-only, who may do what. The first migration was generated from it; every later one is checked against it.
 * Its order is the global lock order and the order of writing: parents before children, the hottest rows last.
 */
export const tables = {
  ...controlTables,
  ...environmentTables,
  ...ledgerTables,
  ...queueTables,
  ...sequenceTables,
  ...deliveryTables,
  ...consumerTables,
} as const;

export type TableName = keyof typeof tables;
export const tableNames = Object.keys(tables) as TableName[]; // Object.keys widens to string[]; the keys are exactly these.

/** Columns that every row has, and those that bind a row to its receipt. */
export const scopeColumns = {
  tenant_id: uuid(),
  environment_id: uuid(),
} as const;

export const guardColumns = {
  receipt_id: { type: 'uuid', nullable: false },
  written_in: { type: 'xid8', nullable: false },
} as const satisfies Record<string, Column>;

/** What an entity keeps about its own history; times come from the events that changed it. */
export const historyColumns = {
  version: { type: 'bigint', nullable: false },
  created_at: { type: 'timestamptz', nullable: false, fixed: true },
  updated_at: { type: 'timestamptz', nullable: false },
} as const satisfies Record<string, Column>;

type ExtraColumns<Kind> = Kind extends 'entity'
  ? typeof historyColumns & typeof guardColumns
  : Kind extends 'ledger'
    ? typeof guardColumns
    : Kind extends 'receipt'
      ? { written_in: (typeof guardColumns)['written_in'] }
      : object;

type AllColumns<T extends Table> = typeof scopeColumns & T['columns'] & ExtraColumns<T['kind']>;

/** A row as it is read: uuids without prefix, times as RFC 3339 text, bigint as a safe integer. */
export type Row<Name extends TableName> = {
  [C in keyof AllColumns<(typeof tables)[Name]>]: ColumnValue<AllColumns<(typeof tables)[Name]>[C]>;
};

/** The Kysely database type. It follows from the registry, and a test proves the registry equal to the catalogue. */
export type DatabaseTables = { [Name in TableName]: Row<Name> };

/** The declaration of a table, with what is optional spelled out. */
export function tableOf(name: TableName): Table {
  return tables[name];
}

/** All columns of a table; where a migration added some, the database has those last. */
export function columnsOf(name: TableName): Record<string, Column> {
  const table = tableOf(name);
  const extra: Record<string, Column> = {
    entity: { ...historyColumns, ...guardColumns },
    ledger: guardColumns,
    receipt: { written_in: guardColumns.written_in },
    queue: {},
    sequence: {},
    delivery: {},
  }[table.kind];
  return { ...scopeColumns, ...table.columns, ...extra };
}

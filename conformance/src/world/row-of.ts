import { createHash } from 'node:crypto';
import { checksOf, type Column, columnsOf, referencesOf, type TableName, tableOf } from '@karmanflow/schema';
import type { PlaceIds } from '../harness/session.ts';
import { isSingleton } from './tables-in-order.ts';

/** Values by column, as `pg` takes them. Columns that the database fills (identity, written_in) are absent. */
export type SeedRow = Readonly<Record<string, unknown>>;
export type RowsByTable = Partial<Record<TableName, SeedRow>>;

/** Columns whose CHECK constraints the general rule below does not satisfy. */
const particular: Partial<Record<TableName, SeedRow>> = {
  inventory_levels: {
    on_hand: 9,
    reserved: 0,
    allocated: 0,
    damaged: 0,
    quality_control: 0,
    incoming: 0,
    safety_stock: 0,
    oversell_limit: 0,
    shortfall: 0,
  },
  stock_movements: { from_state: 'EXTERNAL', to_state: 'AVAILABLE' },
  webhook_subscriptions: { retiring_version: null, retiring_until: null },
  webhook_recoveries: { delivery_id: null, done_count: 0, failed_count: 0 },
};

export interface RowRequest extends PlaceIds {
  /** Stands in every text, so that equal labels give equal natural keys. */
  readonly label: string;
  /** The place's name: two environments of one tenant must not share an idempotency key. */
  readonly placeName: string;
  readonly receiptId: string;
  readonly newId: () => string;
  /** The row of a table that a reference should point to; undefined where there is none yet. */
  readonly parentOf: (table: TableName) => SeedRow | undefined;
  /** Values that stand whatever the rule says. */
  readonly values?: SeedRow;
}

/** A row that every constraint of the table accepts. */
export function rowOf(name: TableName, request: RowRequest): SeedRow {
  const row: Record<string, unknown> = {};
  const given: SeedRow = { ...particular[name], ...request.values };
  for (const [column, definition] of Object.entries(columnsOf(name))) {
    if (definition.identity || column === 'written_in') continue;
    row[column] = column in given ? given[column] : ownValue(name, column, definition, request);
  }
  return { ...row, ...referencesFrom(name, row, request) };
}

/** The columns of the foreign keys, taken from the parents. A nullable key without a parent stays null. */
function referencesFrom(name: TableName, row: SeedRow, request: RowRequest): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const { columns, table, target } of referencesOf(name)) {
    if (columns.includes('receipt_id') || columns.length === 2) continue;
    const parent = table === name ? undefined : request.parentOf(table as TableName); // References name tables of the registry.
    columns.forEach((column, position) => {
      const wanted = target[position] ?? '';
      if (column === 'tenant_id' || column === 'environment_id' || request.values?.[column] !== undefined) return;
      if (parent) values[column] = parent[wanted];
      else if (columnsOf(name)[column]?.nullable) values[column] = null;
      else throw new Error(`${name}.${column} needs a row of ${table}, and there is none in ${request.placeName}`);
    });
  }
  return row['receipt_id'] === undefined ? values : { ...values, receipt_id: request.receiptId };
}

function ownValue(name: TableName, column: string, definition: Column, request: RowRequest): unknown {
  if (column === 'tenant_id' || (isSingleton(name) && tableOf(name).key.includes(column))) {
    return request.tenantId;
  }
  if (column === 'environment_id') return request.environmentId;
  if (definition.values) return definition.values[0];
  const digest = createHash('sha512').update(`${request.label}:${request.placeName}:${column}`).digest();
  switch (definition.type) {
    case 'uuid':
      return request.newId();
    case 'text':
      return isPlainWord(name, column)
        ? `${request.label}_${column}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')
        : `${request.label} ${column}`;
    case 'bigint':
      // Positions are unique: some in an environment, a leaf's in its whole tenant.
      if (tableOf(name).kind === 'sequence') return 1 + labelNumber(`${request.label}:${request.placeName}`);
      return 1;
    case 'integer':
      return 1;
    case 'xid8':
      return '1';
    case 'boolean':
      return false;
    case 'timestamptz':
      // Equal labels give equal times: a queue's key may be a time.
      return new Date(Date.UTC(2030, 0, 1) + labelNumber(request.label) * 1000).toISOString();
    case 'bytea':
      return digest.subarray(0, octetsOf(name, column));
    case 'jsonb':
      return {};
    case 'text[]':
      return [request.label];
    case 'uuid[]':
      return [request.newId()];
    default:
      throw new Error(`no value is known for ${name}.${column} of type ${definition.type}`);
  }
}

/** Whether a CHECK wants a word of small letters, as names have that the code gives. */
function isPlainWord(name: TableName, column: string): boolean {
  return Object.values(checksOf(name)).some((condition) => condition.startsWith(`${column} ~ '^[a-z]`));
}

function labelNumber(label: string): number {
  return createHash('sha256').update(label).digest().readUInt32BE(0) % 1_000_000;
}

/** The length that a CHECK demands, or any. */
function octetsOf(name: TableName, column: string): number {
  const pattern = new RegExp(`octet_length\\(${column}\\) = (\\d+)`);
  for (const condition of Object.values(checksOf(name))) {
    const octets = pattern.exec(condition)?.[1];
    if (octets !== undefined) return Number(octets);
  }
  return 16;
}

import { columnsOf, schemaName, type TableName, tableOf } from '@karmanflow/schema';

/** A named statement: prepared once for each connection, then only bound and executed. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/**
 * How many rows go into one statement: up to 15 exactly, above that multiples of 16. Two statements serve any number of
 * rows, and a connection prepares some thirty shapes of each.
 */
function chunkSizes(rows: number): number[] {
  const sizes: number[] = [];
  let left = rows;
  for (; left >= largestChunk; left -= largestChunk) sizes.push(largestChunk);
  const rest = left % 16;
  if (left - rest > 0) sizes.push(left - rest);
  if (rest > 0) sizes.push(rest);
  return sizes;
}

const largestChunk = 256;
const texts = new Map<string, string>();

function cached(name: string, make: () => string): string {
  const known = texts.get(name);
  if (known !== undefined) return known;
  const text = make();
  texts.set(name, text);
  return text;
}

function placeholders(rows: number, columns: number, firstRowTypes?: readonly string[]): string {
  const tuples: string[] = [];
  for (let row = 0; row < rows; row += 1) {
    const cells: string[] = [];
    for (let column = 0; column < columns; column += 1) {
      const type = row === 0 && firstRowTypes ? `::${firstRowTypes[column]}` : '';
      cells.push(`$${3 + row * columns + column}${type}`);
    }
    tuples.push(firstRowTypes ? `(${cells.join(', ')})` : `($1, $2, ${cells.join(', ')})`);
  }
  return tuples.join(', ');
}

interface RowsOptions {
  readonly table: TableName;
  readonly columns: readonly string[];
  /** tenant and environment as UUIDs: $1 and $2 of every statement. */
  readonly scope: readonly [string, string];
  readonly rows: readonly (readonly unknown[])[];
}

function chunked(options: RowsOptions, make: (size: number) => { name: string; text: string }): Statement[] {
  const statements: Statement[] = [];
  let from = 0;
  for (const size of chunkSizes(options.rows.length)) {
    const values: unknown[] = [...options.scope];
    for (let row = from; row < from + size; row += 1) values.push(...(options.rows[row] ?? []));
    statements.push({ ...make(size), values });
    from += size;
  }
  return statements;
}

/**
 * Multi-row INSERT … VALUES. Not INSERT … SELECT from arrays: Citus refuses that on tables with row-level security.
 * `ignoreConflicts` is for queues, where being there already is all that is wanted.
 */
export function insertRows(options: RowsOptions & { ignoreConflicts?: true }): Statement[] {
  const { table, columns } = options;
  return chunked(options, (size) => {
    const name = `insert_${table}_${size}`;
    const text = cached(name, () => {
      const list = ['tenant_id', 'environment_id', ...columns].join(', ');
      const conflict = options.ignoreConflicts ? ' ON CONFLICT DO NOTHING' : '';
      return `INSERT INTO ${schemaName}.${table} (${list}) VALUES ${placeholders(size, columns.length)}${conflict}`;
    });
    return { name, text };
  });
}

/** One UPDATE … FROM (VALUES …) for many rows; `columns` begins with those of the key. */
export function updateRows(options: RowsOptions): Statement[] {
  const { table, columns } = options;
  return chunked(options, (size) => {
    const name = `update_${table}_${size}`;
    const text = cached(name, () => {
      const key = tableOf(table).key;
      const types = columns.map((column) => columnsOf(table)[column]?.type ?? 'text');
      const sets = columns.filter((column) => !key.includes(column)).map((column) => `${column} = v.${column}`);
      return (
        `UPDATE ${schemaName}.${table} AS t SET ${sets.join(', ')}, written_in = pg_current_xact_id()` +
        ` FROM (VALUES ${placeholders(size, columns.length, types)}) AS v (${columns.join(', ')})` +
        ` WHERE t.tenant_id = $1 AND t.environment_id = $2 AND ${key.map((column) => `t.${column} = v.${column}`).join(' AND ')}`
      );
    });
    return { name, text };
  });
}

/**
 * SELECT of all rows whose columns equal one of the given tuples, locked where asked. One prepared shape for every number
 * of rows. Each tuple is its own index look-up whatever the planner believes of the table: a join or an IN list turns into
 * a scan of the whole environment while statistics are young. Rows are locked in the order of the tuples, so callers sort.
 */
export function selectRows(options: {
  table: TableName;
  where: readonly string[];
  locked: boolean;
  scope: readonly [string, string];
  tuples: readonly (readonly unknown[])[];
}): Statement {
  const { table, where, locked, scope, tuples } = options;
  const name = `select_${table}_by_${where.join('_')}${locked ? '_locked' : ''}`;
  const text = cached(name, () => {
    const columns = columnsOf(table);
    const list = Object.keys(columns).filter((column) => !unread.has(column));
    const arrays = where.map((column, position) => `$${position + 3}::${columns[column]?.type ?? 'text'}[]`);
    const order = locked ? '' : ` ORDER BY ${tableOf(table).key.join(', ')}`;
    return lookUp({
      table,
      list,
      arrays,
      condition: where.map((column) => `${column} = k.${column}`).join(' AND '),
      names: where,
      suffix: locked ? ' FOR UPDATE' : order,
    });
  });
  return { name, text, values: [...scope, ...where.map((_, position) => tuples.map((tuple) => tuple[position]))] };
}

/** Columns that a decision never looks at. */
const unread = new Set(['tenant_id', 'environment_id', 'receipt_id', 'written_in']);

function lookUp(options: {
  table: TableName;
  list: readonly string[];
  arrays: readonly string[];
  names: readonly string[];
  condition: string;
  suffix: string;
}): string {
  const { table, list, arrays, names, condition, suffix } = options;
  return (
    `SELECT t.* FROM unnest(${arrays.join(', ')}) AS k (${names.join(', ')}) CROSS JOIN LATERAL (` +
    `SELECT ${list.join(', ')} FROM ${schemaName}.${table}` +
    ` WHERE tenant_id = $1 AND environment_id = $2 AND ${condition}${suffix}) AS t`
  );
}

const receiptColumns = [
  'id',
  'command_type',
  'status',
  'idempotency_key_hash',
  'payload_hash',
  'body',
  'hash',
  'signature',
  'key_id',
  'response',
];

/** Receipts that already answer these idempotency keys. */
export function selectReceiptsByKey(
  scope: readonly [string, string],
  keys: readonly { commandType: string; keyHash: Uint8Array }[],
): Statement {
  return {
    name: 'select_receipts_by_key',
    text: lookUp({
      table: 'command_receipts',
      list: receiptColumns,
      arrays: ['$3::text[]', '$4::bytea[]'],
      names: ['command_type', 'idempotency_key_hash'],
      condition: 'command_type = k.command_type AND idempotency_key_hash = k.idempotency_key_hash',
      suffix: '',
    }),
    values: [...scope, keys.map((key) => key.commandType), keys.map((key) => key.keyHash)],
  };
}

export function selectReceiptsById(scope: readonly [string, string], ids: readonly string[]): Statement {
  return {
    name: 'select_receipts_by_id',
    text: lookUp({
      table: 'command_receipts',
      list: receiptColumns,
      arrays: ['$3::uuid[]'],
      names: ['id'],
      condition: 'id = k.id',
      suffix: '',
    }),
    values: [...scope, ids],
  };
}

export const selectClock: Statement = { name: 'select_clock', text: 'SELECT clock_timestamp() AS now', values: [] };

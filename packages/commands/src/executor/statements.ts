import { columnsOf, schemaName, type TableName, tableOf } from '@karmanflow/schema';

/** A named statement: prepared once for each connection, then only bound and executed. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Rows in one statement come in powers of two, so that a handful of prepared shapes serve every batch size. */
function chunkSizes(rows: number): number[] {
  const sizes: number[] = [];
  for (let size = 256, left = rows; left > 0;) {
    if (size <= left) {
      sizes.push(size);
      left -= size;
    } else {
      size >>= 1;
    }
  }
  return sizes;
}

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
 * SELECT of all rows whose columns equal one of the given tuples, in key order, locked where asked. Arrays as parameters:
 * one prepared shape for every number of rows. Rows are locked in the order of the sort, the same in every process.
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
    const key = tableOf(table).key;
    const arrays = where.map((column, position) => `$${position + 3}::${columns[column]?.type ?? 'text'}[]`);
    const condition =
      where.length === 1
        ? `${where[0]} = ANY (${arrays[0]})`
        : `(${where.join(', ')}) IN (SELECT * FROM unnest(${arrays.join(', ')}))`;
    return (
      `SELECT ${Object.keys(columns).join(', ')} FROM ${schemaName}.${table} AS t` +
      ` WHERE tenant_id = $1 AND environment_id = $2 AND ${condition}` +
      ` ORDER BY ${key.join(', ')}${locked ? ' FOR UPDATE OF t' : ''}`
    );
  });
  return { name, text, values: [...scope, ...where.map((_, position) => tuples.map((tuple) => tuple[position]))] };
}

/** Receipts that already answer these idempotency keys, and the database's clock beside them. */
export function selectReceiptsByKey(
  scope: readonly [string, string],
  keys: readonly { commandType: string; keyHash: Uint8Array }[],
): Statement {
  return {
    name: 'select_receipts_by_key',
    text:
      'SELECT id, command_type, status, idempotency_key_hash, payload_hash, body, hash, signature, key_id, response' +
      ` FROM ${schemaName}.command_receipts WHERE tenant_id = $1 AND environment_id = $2` +
      ' AND command_type = ANY ($3::text[]) AND idempotency_key_hash = ANY ($4::bytea[])',
    values: [...scope, [...new Set(keys.map((key) => key.commandType))], keys.map((key) => key.keyHash)],
  };
}

export function selectReceiptsById(scope: readonly [string, string], ids: readonly string[]): Statement {
  return {
    name: 'select_receipts_by_id',
    text:
      'SELECT id, command_type, status, idempotency_key_hash, payload_hash, body, hash, signature, key_id, response' +
      ` FROM ${schemaName}.command_receipts WHERE tenant_id = $1 AND environment_id = $2 AND id = ANY ($3::uuid[])`,
    values: [...scope, ids],
  };
}

export const selectClock: Statement = { name: 'select_clock', text: 'SELECT clock_timestamp() AS now', values: [] };

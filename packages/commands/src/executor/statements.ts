import { columnsOf, schemaName, type TableName, tableNames, tableOf } from '@karmanflow/schema';

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
/** Texts by the list of columns that they are made from, and then by name. */
const texts = new WeakMap<readonly string[], Map<string, string>>();

function cached(columns: readonly string[], name: string, make: () => string): string {
  const byName = texts.get(columns) ?? new Map<string, string>();
  texts.set(columns, byName);
  const known = byName.get(name);
  if (known !== undefined) return known;
  const text = make();
  byName.set(name, text);
  return text;
}

/** Columns whose value is usually the same for all rows of a batch: then it is sent once. */
const usuallyShared = new Set([
  'actor_id',
  'command_type',
  'completed_at',
  'created_at',
  'extensions',
  'from_state',
  'key_id',
  'occurred_at',
  'reason',
  'resolved_at',
  'status',
  'to_state',
  'type',
  'updated_at',
]);

interface RowsOptions {
  readonly table: TableName;
  readonly columns: readonly string[];
  /** tenant and environment as UUIDs: $1 and $2 of every statement. */
  readonly scope: readonly [string, string];
  readonly rows: readonly (readonly unknown[])[];
}

/** Positions in a row: of the columns whose value is sent once, and of those that each row sends its own of. */
interface Layout {
  readonly shares: boolean;
  readonly shared: readonly number[];
  readonly own: readonly number[];
}

const layouts = new WeakMap<readonly string[], { readonly sharing: Layout; readonly plain: Layout }>();

/** Either nothing is shared, or every column that usually is. */
function layoutOf(columns: readonly string[], rows: readonly (readonly unknown[])[]): Layout {
  let known = layouts.get(columns);
  if (known === undefined) {
    const all = columns.map((_, at) => at);
    const shared = all.filter((at) => usuallyShared.has(columns[at] ?? ''));
    const own = all.filter((at) => !shared.includes(at));
    known = { sharing: { shares: true, shared, own }, plain: { shares: false, shared: [], own: all } };
    layouts.set(columns, known);
  }
  const [first] = rows;
  const shares = rows.length > 1 && known.sharing.shared.every((at) => rows.every((row) => row[at] === first?.[at]));
  return shares ? known.sharing : known.plain;
}

function valuesOf({ shared, own }: Layout, { scope, rows }: Pick<RowsOptions, 'scope' | 'rows'>): unknown[] {
  const values: unknown[] = [...scope];
  for (const at of shared) values.push(rows[0]?.[at]);
  for (const row of rows) for (const at of own) values.push(row[at]);
  return values;
}

function tuplesOf({ shared, own }: Layout, rows: number): string {
  const cells: string[] = [];
  shared.forEach((at, position) => {
    cells[at] = `$${3 + position}`;
  });
  const tuples: string[] = [];
  let next = 3 + shared.length;
  for (let row = 0; row < rows; row += 1) {
    for (const at of own) {
      cells[at] = `$${next}`;
      next += 1;
    }
    tuples.push(`($1, $2, ${cells.join(', ')})`);
  }
  return tuples.join(', ');
}

function insertStatements(options: RowsOptions, verb: { name: string; suffix: () => string }): Statement[] {
  const { table, columns } = options;
  const statements: Statement[] = [];
  let from = 0;
  for (const size of chunkSizes(options.rows.length)) {
    const rows = options.rows.slice(from, from + size);
    const layout = layoutOf(columns, rows);
    const name = `${verb.name}_${table}_${size}${layout.shares ? '_shared' : ''}`;
    const text = cached(columns, name, () => {
      const list = ['tenant_id', 'environment_id', ...columns].join(', ');
      return `INSERT INTO ${schemaName}.${table} (${list}) VALUES ${tuplesOf(layout, size)}${verb.suffix()}`;
    });
    statements.push({ name, text, values: valuesOf(layout, { scope: options.scope, rows }) });
    from += size;
  }
  return statements;
}

/** Multi-row INSERT … VALUES. Not INSERT … SELECT from arrays: Citus refuses that on tables with row-level security. */
export function insertRows(options: RowsOptions): Statement[] {
  return insertStatements(options, { name: 'insert', suffix: () => '' });
}

/** For queues, where being there already is all that is wanted. */
export function insertMissingRows(options: RowsOptions): Statement[] {
  return insertStatements(options, { name: 'insert_missing', suffix: () => ' ON CONFLICT DO NOTHING' });
}

/**
 * Changes rows that are there: INSERT … ON CONFLICT DO UPDATE, which goes through the primary key row by row. An UPDATE
 * joined to a list of values would be planned, and while statistics are young it is planned as a scan of the environment.
 */
export function updateRows(options: RowsOptions & { readonly changing: readonly string[] }): Statement[] {
  const { table, changing } = options;
  return insertStatements(options, {
    name: 'update',
    suffix: () => {
      const key = ['tenant_id', 'environment_id', ...tableOf(table).key].join(', ');
      const sets = changing.map((column) => `${column} = excluded.${column}`).join(', ');
      return ` ON CONFLICT (${key}) DO UPDATE SET ${sets}, written_in = pg_current_xact_id()`;
    },
  });
}

/** SELECT of all rows whose columns equal one of the given tuples, with every column that a decision may look at. */
export function selectRows(options: {
  table: TableName;
  where: readonly string[];
  locked: boolean;
  scope: readonly [string, string];
  tuples: readonly (readonly unknown[])[];
}): Statement {
  const { table, where, locked } = options;
  const name = `select_${table}_by_${where.join('_')}${locked ? '_locked' : ''}`;
  return lookUpRows({
    ...options,
    name,
    columns: Object.keys(columnsOf(table)).filter((column) => !unread.has(column)),
  });
}

/** Columns that a decision never looks at. */
const unread = new Set(['tenant_id', 'environment_id', 'receipt_id', 'written_in']);

interface LookUpOptions {
  readonly name: string;
  readonly table: TableName;
  readonly columns: readonly string[];
  readonly where: readonly string[];
  readonly locked: boolean;
  readonly scope: readonly [string, string];
  readonly tuples: readonly (readonly unknown[])[];
}

/**
 * Looks rows up by tuples of values, locked where asked. One prepared shape for every number of tuples. Each tuple is its own
 * index look-up whatever the planner believes of the table: a join or an IN list turns into a scan of the whole environment
 * while statistics are young. Rows are locked in the order of the tuples, so callers sort.
 */
export function lookUpRows(options: LookUpOptions): Statement {
  const { name, where, scope, tuples } = options;
  const text = cached(tableNames, name, () => lookUpText(options));
  return { name, text, values: [...scope, ...where.map((_, position) => tuples.map((tuple) => tuple[position]))] };
}

function lookUpText({ table, columns, where, locked }: LookUpOptions): string {
  const types = columnsOf(table);
  // Behind a sub-select the planner does not see how short a list is. If it did, it would take a plan for just these rows for
  // cheaper than the prepared one and make it anew every time, which takes longer than the look-ups do.
  const lists = where.map((column, position) => `(SELECT $${position + 3}::${types[column]?.type ?? 'text'}[])`);
  return (
    `SELECT t.* FROM unnest(${lists.join(', ')}) AS k (${where.join(', ')}) CROSS JOIN LATERAL (` +
    `SELECT ${columns.join(', ')} FROM ${schemaName}.${table} AS r${foundBy(table, where, locked)}) AS t`
  );
}

/** The rest of the sub-select that finds the rows of one tuple. */
function foundBy(table: TableName, where: readonly string[], locked: boolean): string {
  const lock = locked ? ' FOR UPDATE OF r' : '';
  const equal = (column: string): string => `${column} = k.${column}`;
  const condition = (columns: readonly string[]): string =>
    ` WHERE ${['tenant_id = $1', 'environment_id = $2', ...columns].join(' AND ')}`;
  const last = lastOfUniqueKey(table, where);
  if (last === null) {
    const order = locked ? '' : ` ORDER BY ${tableOf(table).key.join(', ')}`;
    return `${condition(where.map(equal))}${order}${lock}`;
  }
  if (!misleads(table, where)) return `${condition(where.map(equal))} LIMIT 1${lock}`;
  // A range of one value has an order, which the index of the key alone gives without sorting. The list of one, of unknown length
  // to the planner, makes it expect ten rows: then what stops at the first is far cheaper than what has to sort all.
  const ranged = where.map((column) =>
    column === last ? `${column} >= k.${column} AND ${column} <= k.${column}` : equal(column),
  );
  return ` CROSS JOIN unnest((SELECT ARRAY[1])) AS one${condition(ranged)} ORDER BY ${last} LIMIT 1${lock}`;
}

/** The last column of a unique key that the columns hold; null: many rows may have the same values. */
function lastOfUniqueKey(table: TableName, columns: readonly string[]): string | null {
  const { key, unique = [] } = tableOf(table);
  const keys = [key, ...unique.map((one) => one.columns)];
  const held = keys.find((one) => one.length > 0 && one.every((column) => columns.includes(column)));
  return held?.at(-1) ?? null;
}

/**
 * Whether an index does not lead to the rows by all the columns. Without statistics a planner takes it for as good as the one
 * that does, because it expects a row of everything, and then reads the whole environment for each look-up.
 */
function misleads(table: TableName, where: readonly string[]): boolean {
  const { key, unique = [], indexes = [] } = tableOf(table);
  const whole = indexes.filter((one) => one.where === undefined);
  return [{ columns: key }, ...unique, ...whole].some(({ columns }) =>
    where.some((column) => !columns.slice(0, where.length).includes(column)),
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
const receipts = { table: 'command_receipts', columns: receiptColumns, locked: false } as const;

/** Receipts that already answer these idempotency keys. */
export function selectReceiptsByKey(
  scope: readonly [string, string],
  keys: readonly { commandType: string; keyHash: Uint8Array }[],
): Statement {
  const tuples = keys.map(({ commandType, keyHash }) => [commandType, keyHash]);
  const where = ['command_type', 'idempotency_key_hash'];
  return lookUpRows({ ...receipts, name: 'select_receipts_by_key', where, scope, tuples });
}

export function selectReceiptsById(scope: readonly [string, string], ids: readonly string[]): Statement {
  const tuples = ids.map((id) => [id]);
  return lookUpRows({ ...receipts, name: 'select_receipts_by_id', where: ['id'], scope, tuples });
}

export const selectClock: Statement = { name: 'select_clock', text: 'SELECT clock_timestamp() AS now', values: [] };

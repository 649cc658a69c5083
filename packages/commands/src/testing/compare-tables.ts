import { decodeEvent } from '@karmanflow/events';
import { columnsOf, schemaName, type TableName, tableNames, tableOf, valueParsers } from '@karmanflow/schema';
import { Client } from 'pg';
import type { Registry } from '../definition/registry.ts';
import { rebuildTables } from '../rebuild.ts';
import { registry as everything } from '../registry.ts';

type Row = Readonly<Record<string, unknown>>;

/** One place where the tables do not say what the events say. `null` on one side: the whole row is missing there. */
export interface TableDifference {
  readonly table: TableName;
  /** tenant, environment and the row's own key. */
  readonly key: string;
  readonly column: string | null;
  readonly fromEvents: string | null;
  readonly inTable: string | null;
}

export interface TableComparison {
  readonly differences: readonly TableDifference[];
  /** What was looked at, so that a comparison of nothing with nothing can be told from a good one. */
  readonly events: number;
  readonly rows: number;
}

/**
 * Folds every event of a database from nothing and compares the result with its tables, row by row and column by column,
 * across all tenants. `adminUrl` is that of a superuser, who alone sees them all. Reads one snapshot and changes nothing.
 * Throws when the events are not whole: a gap, a repetition, or an event that is no envelope.
 */
export async function compareTablesWithEvents(options: {
  adminUrl: string;
  registry?: Registry;
}): Promise<TableComparison> {
  const registry = options.registry ?? everything;
  // pg's declaration lists the known oids only; the parsers of the schema answer for all of them.
  const client = new Client({ connectionString: options.adminUrl, types: valueParsers as never });
  await client.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const stored = await client.query<{ body: Uint8Array }>(`SELECT body FROM ${schemaName}.domain_events`);
    const rebuilt = rebuildTables(
      registry,
      stored.rows.map(({ body }) => decodeEvent(body)),
    );
    const differences: TableDifference[] = [];
    let rows = 0;
    for (const table of tablesOfEvents(registry)) {
      const list = columnsComparedIn(table).join(', ');
      const { rows: actual } = await client.query<Row>(`SELECT ${list} FROM ${schemaName}.${table}`);
      rows += actual.length;
      differences.push(...compareTable(table, { rebuilt: [...(rebuilt.get(table)?.values() ?? [])], actual }));
    }
    return { differences, events: stored.rows.length, rows };
  } finally {
    await client.end();
  }
}

/** Every table whose rows follow from events. Throws when no entity of the registry stands for one of them. */
function tablesOfEvents(registry: Registry): TableName[] {
  const covered = new Set([...registry.entities.values()].map((entity) => entity.table));
  const tables = tableNames.filter((name) => {
    const { kind, outsideEvents } = tableOf(name);
    return name !== 'domain_events' && outsideEvents !== true && (kind === 'entity' || kind === 'ledger');
  });
  const uncovered = tables.filter((table) => !covered.has(table));
  if (uncovered.length > 0) throw new Error(`no entity stands for ${uncovered.join(', ')}`);
  return tables;
}

/** All columns but the transaction id: that one says where a row was written, and no event knows it. */
function columnsComparedIn(table: TableName): string[] {
  return Object.keys(columnsOf(table)).filter((column) => column !== 'written_in');
}

function keyOf(table: TableName, row: Row): string {
  return ['tenant_id', 'environment_id', ...tableOf(table).key].map((column) => String(row[column])).join(' ');
}

function compareTable(table: TableName, sides: { rebuilt: readonly Row[]; actual: readonly Row[] }): TableDifference[] {
  const rebuilt = new Map(sides.rebuilt.map((row) => [keyOf(table, row), row]));
  const actual = new Map(sides.actual.map((row) => [keyOf(table, row), row]));
  const columns = columnsComparedIn(table);
  const differences: TableDifference[] = [];
  for (const key of new Set([...rebuilt.keys(), ...actual.keys()])) {
    const expected = rebuilt.get(key);
    const found = actual.get(key);
    if (!expected || !found) {
      const [fromEvents, inTable] = [expected ? 'a row' : null, found ? 'a row' : null];
      differences.push({ table, key, column: null, fromEvents, inTable });
      continue;
    }
    for (const column of columns) {
      const [fromEvents, inTable] = [textOf(expected[column]), textOf(found[column])];
      if (fromEvents !== inTable) differences.push({ table, key, column, fromEvents, inTable });
    }
  }
  return differences;
}

/** Bytes have many forms in memory and one as text; everything else is JSON. */
function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

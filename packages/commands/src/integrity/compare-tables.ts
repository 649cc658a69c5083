import { decodeEvent } from '@karmanflow/events';
import {
  columnsOf,
  type Database,
  schemaName,
  type Scope,
  scopeStatements,
  type TableName,
  tableNames,
  tableOf,
  toId,
  toUuid,
} from '@karmanflow/schema';
import { type AnyEntity, entityIdOf, fieldOf, type KeyOf } from '../definition/entity.ts';
import type { Registry } from '../definition/registry.ts';
import { createTableFold, type TableRow } from './table-fold.ts';

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
  /** The first `differencesMax` of them. */
  readonly differences: readonly TableDifference[];
  /** What was looked at, so that a comparison of nothing with nothing can be told from a good one. */
  readonly events: number;
  readonly rows: number;
}

/** The events have a gap or a repetition, or one of them cannot be read: nothing can be compared with them. */
export class HistoryNotWhole extends Error {
  override readonly name = 'HistoryNotWhole';
}

/** Sends one statement of an open transaction whose snapshot stays the same. */
export type SnapshotQuery = (text: string) => Promise<{ readonly rows: readonly Record<string, unknown>[] }>;

export const comparisonLimits = {
  /** Events whose entities are folded at the same time: more of them are folded in several passes, each with its part. */
  eventsPerPass: 200_000,
  rowsPerFetch: 1_000,
  differencesMax: 1_000,
} as const;

export interface SnapshotComparison {
  readonly query: SnapshotQuery;
  readonly registry: Registry;
  /** Null: all tenants, for who may see them all. */
  readonly scope: Scope | null;
  /** `comparisonLimits.eventsPerPass` unless a test has fewer. */
  readonly eventsPerPass?: number;
}

/**
 * Folds the events of a snapshot from nothing into a shadow of every table, and compares it with the tables row by row and
 * column by column. What is held in memory is bounded: large histories are folded in passes, each over a part of the
 * entities. Throws `HistoryNotWhole`.
 */
export async function compareSnapshot(options: SnapshotComparison): Promise<TableComparison> {
  const { query, scope, eventsPerPass = comparisonLimits.eventsPerPass } = options;
  const counted = await query(`SELECT count(*) AS n FROM ${schemaName}.domain_events${whereOf(scope)}`);
  const events = Number(counted.rows[0]?.['n']);
  const passes = Math.max(1, Math.ceil(events / eventsPerPass));
  const differences: TableDifference[] = [];
  let rows = 0;
  for (let pass = 0; pass < passes; pass += 1) {
    rows += await comparePart(options, { pass, passes }, (difference) => {
      if (differences.length < comparisonLimits.differencesMax) differences.push(difference);
    });
  }
  return { differences, events, rows };
}

/** The same for one environment, or for the control environment of a tenant, over a connection of kf_read. */
export function compareScope(
  database: Database,
  options: { readonly scope: Scope; readonly registry: Registry; readonly eventsPerPass?: number },
): Promise<TableComparison> {
  return database.connection(async (connection, discard) => {
    const query: SnapshotQuery = (text) => connection.query(text);
    try {
      await query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      for (const statement of scopeStatements(options.scope)) await query(statement);
      const comparison = await compareSnapshot({ ...options, query });
      await query('COMMIT');
      return comparison;
    } catch (error) {
      await query('ROLLBACK').catch(discard);
      throw error;
    }
  });
}

function whole<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new HistoryNotWhole(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

interface Part {
  readonly pass: number;
  readonly passes: number;
}

async function comparePart(
  { query, registry, scope }: SnapshotComparison,
  { pass, passes }: Part,
  report: (difference: TableDifference) => void,
): Promise<number> {
  const isWanted = (scoped: string): boolean => passes === 1 || numberOf(scoped) % passes === pass;
  const fold = createTableFold(registry, ({ tenantId, environmentId, id }) =>
    isWanted(`${tenantId} ${environmentId} ${id}`),
  );
  for await (const { body } of rowsOf(query, `SELECT body FROM ${schemaName}.domain_events${whereOf(scope)}`)) {
    whole(() => fold.add(decodeEvent(body as Uint8Array))); // bytea, never null.
  }
  const shadow = whole(() => fold.finish());
  let rows = 0;
  for (const [table, entity] of tablesOfEvents(registry)) {
    const expected = new Map(shadow.get(table));
    const columns = columnsComparedIn(table);
    const select = `SELECT ${columns.join(', ')} FROM ${schemaName}.${table}${whereOf(scope)}`;
    for await (const actual of rowsOf(query, select)) {
      const scoped = scopedIdOf(entity, actual);
      if (!isWanted(scoped)) continue;
      rows += 1;
      compareRow({ table, columns, expected: expected.get(scoped), actual, report });
      expected.delete(scoped);
    }
    for (const row of expected.values()) {
      report({ table, key: keyOf(table, row), column: null, fromEvents: 'a row', inTable: null });
    }
  }
  return rows;
}

/** Reads through a cursor, so that neither side holds a whole table. One at a time in a transaction. */
async function* rowsOf(query: SnapshotQuery, select: string): AsyncGenerator<TableRow, void, undefined> {
  await query(`DECLARE kf_compared NO SCROLL CURSOR FOR ${select}`);
  for (;;) {
    const { rows } = await query(`FETCH ${comparisonLimits.rowsPerFetch} FROM kf_compared`);
    yield* rows;
    if (rows.length < comparisonLimits.rowsPerFetch) break;
  }
  await query('CLOSE kf_compared');
}

/** Every table whose rows follow from events, with its entity. Throws when no entity of the registry stands for one. */
function tablesOfEvents(registry: Registry): readonly (readonly [TableName, AnyEntity])[] {
  const entities = new Map([...registry.entities.values()].map((entity) => [entity.table, entity]));
  const tables = tableNames.filter((name) => {
    const { kind, outsideEvents } = tableOf(name);
    return name !== 'domain_events' && outsideEvents !== true && (kind === 'entity' || kind === 'ledger');
  });
  return tables.map((table) => {
    const entity = entities.get(table);
    if (!entity) throw new Error(`no entity stands for ${table}`);
    return [table, entity] as const;
  });
}

/** All columns but the transaction id: that one says where a row was written, and no event knows it. */
function columnsComparedIn(table: TableName): string[] {
  return Object.keys(columnsOf(table)).filter((column) => column !== 'written_in');
}

function whereOf(scope: Scope | null): string {
  if (scope === null) return '';
  const [tenant, environment] = [toUuid(scope.tenantId), toUuid(scope.environmentId)];
  return ` WHERE tenant_id = '${tenant}' AND environment_id = '${environment}'`;
}

function keyOf(table: TableName, row: TableRow): string {
  return ['tenant_id', 'environment_id', ...tableOf(table).key].map((column) => String(row[column])).join(' ');
}

/** The name under which the fold knows the entity of a row. */
function scopedIdOf(entity: AnyEntity, row: TableRow): string {
  const key: Record<string, string | number> = {};
  for (const field of entity.key) {
    const { column, id } = fieldOf(entity, field);
    const value = row[column] as string | number; // A column of the primary key: a uuid, a text or a number.
    key[field] = id === undefined ? value : toId(id, String(value));
  }
  const [tenant, environment] = [
    toId('tenant', String(row['tenant_id'])),
    toId('environment', String(row['environment_id'])),
  ];
  return `${tenant} ${environment} ${entityIdOf(entity, key satisfies KeyOf)}`;
}

interface RowComparison {
  readonly table: TableName;
  readonly columns: readonly string[];
  readonly expected: TableRow | undefined;
  readonly actual: TableRow;
  readonly report: (difference: TableDifference) => void;
}

function compareRow({ table, columns, expected, actual, report }: RowComparison): void {
  const key = keyOf(table, actual);
  if (!expected) return report({ table, key, column: null, fromEvents: null, inTable: 'a row' });
  for (const column of columns) {
    const [fromEvents, inTable] = [textOf(expected[column]), textOf(actual[column])];
    if (fromEvents !== inTable) report({ table, key, column, fromEvents, inTable });
  }
}

/** Bytes have many forms in memory and one as text; everything else is JSON. */
function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

/** FNV-1a over UTF-16 code units, 32 bits: any spreading will do, as long as both sides use the same. */
function numberOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

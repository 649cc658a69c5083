import { columnsOf, limits, schemaName, tableNames, tableOf, toUuid } from '@karmanflow/schema';
import { type AnyEntity, changeableFields, type FieldColumn, isLedger, parameterOf } from '../definition/entity.ts';
import type { Registry } from '../definition/registry.ts';
import type { Entry, WorkingState } from '../working-state.ts';
import type { DecidedCommand } from './decide-command.ts';
import { insertMissingRows, insertRows, type Statement, updateRows } from './statements.ts';

type ScopePair = readonly [string, string];

interface WriteOptions {
  readonly registry: Registry;
  readonly scope: ScopePair;
  readonly state: WorkingState;
  /** Commands whose personal values were sent. */
  readonly personalSent: Set<DecidedCommand>;
}

/**
 * What can be sent of some decided commands while others are decided: receipts and events first, since all other rows refer
 * to them, then new rows, parents before children. Rows with a name that others may give as well wait for the end, and
 * all with them: only there can they be brought into the one order that keeps two processes from waiting for each other.
 */
export function aheadStatements(decided: readonly DecidedCommand[], options: WriteOptions): Statement[] {
  const { scope, state, registry } = options;
  const statements = [...receiptRows(decided, scope), ...eventRows(decided, scope)];
  const waits = [...registry.entities.values()].some((entity) => isNamed(entity) && state.hasNew(entity));
  return waits ? statements : [...statements, ...newRows(decided, options)];
}

/** What remains for the end: new rows that waited, rows that changed, once each however often they did, and the queues. */
export function finalStatements(decided: readonly DecidedCommand[], options: WriteOptions): Statement[] {
  const { registry, scope, state } = options;
  const statements = newRows(decided, options);
  for (const entity of registry.entities.values())
    statements.push(...updatedRows(entity, state.changed(entity), scope));
  statements.push(...erasures(decided, scope));
  const minutes = new Set(decided.flatMap(({ dueAt }) => dueAt.map(minuteOf)));
  if (minutes.size > 0) {
    const rows = [...minutes].toSorted().map((minute) => [minute]);
    statements.push(...insertMissingRows({ table: 'expiry_schedule', columns: scheduleColumns, scope, rows }));
  }
  const receipts = decided.map(({ receipt }) => toUuid(receipt.id));
  statements.push(...insertRows({ table: 'log_pending', columns: pendingColumns, scope, rows: [[receipts]] }));
  return statements;
}

function newRows(decided: readonly DecidedCommand[], options: WriteOptions): Statement[] {
  const { registry, scope, state, personalSent } = options;
  const statements: Statement[] = [];
  const personal = personalRows(
    decided.filter((command) => !personalSent.has(command)),
    scope,
  );
  for (const command of decided) personalSent.add(command);
  for (const entity of registry.entities.values()) {
    // Personal values stand outside the entities, but between their parents and their children.
    if (personal.length > 0 && personalComesBefore(entity)) statements.push(...personal.splice(0));
    statements.push(...insertedRows(entity, state.takeNew(entity), scope));
  }
  return [...statements, ...personal];
}

/** True for entities that two processes may make under the same name: one besides their key, or a key of other ids. */
function isNamed(entity: AnyEntity): boolean {
  const { unique = [], key } = tableOf(entity.table);
  return unique.length > 0 || (key.length > 1 && !isLedger(entity));
}

/** The sweeper looks an environment up when a minute of its schedule has begun. */
function minuteOf(dueAt: string): string {
  const bucket = limits.expiryBucketSeconds * 1000;
  return new Date(Math.floor(Date.parse(dueAt) / bucket) * bucket).toISOString();
}

function personalComesBefore(entity: AnyEntity): boolean {
  return tableNames.indexOf(entity.table) > tableNames.indexOf('personal_data');
}

interface EntityColumns {
  readonly fields: readonly [string, FieldColumn][];
  readonly columns: readonly string[];
  /** The columns that a change sets. */
  readonly changing: readonly string[];
}

const columnsByEntity = new WeakMap<AnyEntity, EntityColumns>();

function entityColumnsOf(entity: AnyEntity): EntityColumns {
  const known = columnsByEntity.get(entity);
  if (known) return known;
  const fields = Object.entries(entity.fields);
  const history = isLedger(entity) ? [] : ['version', 'created_at', 'updated_at'];
  const made = {
    fields,
    columns: [...fields.map(([, { column }]) => column), ...history, 'receipt_id'],
    changing: [...changeableFields(entity).map(([, { column }]) => column), 'version', 'updated_at', 'receipt_id'],
  };
  columnsByEntity.set(entity, made);
  return made;
}

function insertedRows(entity: AnyEntity, entries: readonly Entry[], scope: ScopePair): Statement[] {
  if (entries.length === 0) return [];
  const { columns } = entityColumnsOf(entity);
  return insertRows({ table: entity.table, columns, scope, rows: rowsOf(entity, inUniqueOrder(entity, entries)) });
}

function updatedRows(entity: AnyEntity, entries: readonly Entry[], scope: ScopePair): Statement[] {
  if (entries.length === 0) return [];
  const { columns, changing } = entityColumnsOf(entity);
  return updateRows({ table: entity.table, columns, changing, scope, rows: rowsOf(entity, entries) });
}

/** Sorted by the columns that must be unique, so that every process asks the index for its values in the same order. */
function inUniqueOrder(entity: AnyEntity, entries: readonly Entry[]): readonly Entry[] {
  if (!isNamed(entity) || entries.length < 2) return entries;
  const { unique = [], key } = tableOf(entity.table);
  const columns = unique[0]?.columns ?? key;
  const fields = Object.entries(entity.fields).filter(([, { column }]) => columns.includes(column));
  const nameOf = (entry: Entry): string => fieldValues(fields, entry).join(' ');
  return entries.toSorted((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
}

function rowsOf(entity: AnyEntity, entries: readonly Entry[]): unknown[][] {
  const { fields } = entityColumnsOf(entity);
  const ledger = isLedger(entity);
  return entries.map((entry) => {
    const row = fieldValues(fields, entry);
    if (!ledger) row.push(entry.version, entry.createdAt, entry.updatedAt);
    row.push(toUuid(entry.changedBy ?? ''));
    return row;
  });
}

function fieldValues(fields: readonly [string, FieldColumn][], entry: Entry): unknown[] {
  const state = entry.state as Readonly<Record<string, unknown>>;
  return fields.map(([field, column]) => sendable(parameterOf(column, state[field]), field));
}

/** The driver finds out too late what it cannot send: the rows around it are on their way by then. */
function sendable(value: unknown, field: string): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map((item) => sendable(item, field));
  throw new TypeError(`${field} cannot be written to a column`);
}

const scheduleColumns = ['due_at'];
const pendingColumns = ['receipt_ids'];
const eventColumns = ['id', 'type', 'body', 'hash', 'receipt_id'];
const receiptColumns = [
  'id',
  'command_type',
  'status',
  'actor_id',
  'idempotency_key_hash',
  'payload_hash',
  'body',
  'hash',
  'signature',
  'key_id',
  'response',
  'correlation_id',
  'completed_at',
];

function receiptRows(decided: readonly DecidedCommand[], scope: ScopePair): Statement[] {
  const rows = decided
    .toSorted(byKey)
    .map(({ command, receipt, completedAt }) => [
      toUuid(receipt.id),
      receipt.commandType,
      receipt.status,
      toUuid(command.metadata.caller.actor.id),
      command.keyHash,
      command.payloadHash,
      receipt.bytes,
      receipt.hash,
      receipt.signature,
      receipt.keyId,
      receipt.response,
      toUuid(command.metadata.correlationId),
      completedAt,
    ]);
  return insertRows({ table: 'command_receipts', columns: receiptColumns, scope, rows });
}

/** Repeats of the same keys that reach two processes at once are inserted in the same order by both. */
function byKey(one: DecidedCommand, other: DecidedCommand): number {
  return Buffer.compare(one.command.keyHash ?? noKey, other.command.keyHash ?? noKey);
}

const noKey = new Uint8Array();

function eventRows(decided: readonly DecidedCommand[], scope: ScopePair): Statement[] {
  const rows = decided.flatMap(({ receipt, events }) =>
    events.map((event) => [event.id, event.type, event.bytes, event.hash, toUuid(receipt.id)]),
  );
  return insertRows({ table: 'domain_events', columns: eventColumns, scope, rows });
}

const personalColumns = ['id', 'field', 'value', 'erased_at', 'version', 'created_at', 'updated_at', 'receipt_id'];

function personalRows(decided: readonly DecidedCommand[], scope: ScopePair): Statement[] {
  const rows = decided.flatMap(({ receipt, personal, completedAt }) =>
    personal.map(({ id, field, value }) => [id, field, value, null, 1, completedAt, completedAt, toUuid(receipt.id)]),
  );
  return insertRows({ table: 'personal_data', columns: personalColumns, scope, rows });
}

/** The value goes, the row stays: whatever refers to it still finds that there was one, and when it ceased to be. */
function erasures(decided: readonly DecidedCommand[], scope: ScopePair): Statement[] {
  return decided.flatMap(({ receipt, erased, completedAt }) =>
    erased.map((id) => ({
      name: 'erase_personal_data',
      text:
        `UPDATE ${schemaName}.personal_data SET value = null, erased_at = $4, version = version + 1, updated_at = $4,` +
        ' receipt_id = $5, written_in = pg_current_xact_id() WHERE tenant_id = $1 AND environment_id = $2 AND id = $3',
      values: [...scope, id, completedAt, toUuid(receipt.id)],
    })),
  );
}

/** Fails at start when a column of these tables is filled by nobody. */
for (const [table, columns] of [
  ['command_receipts', receiptColumns],
  ['personal_data', personalColumns],
] as const) {
  const filledByDatabase = ['tenant_id', 'environment_id', 'written_in'];
  const missing = Object.keys(columnsOf(table)).filter((column) => ![...columns, ...filledByDatabase].includes(column));
  if (missing.length > 0) throw new TypeError(`${table}: nobody fills ${missing.join(', ')}`);
}

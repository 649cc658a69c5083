import { columnsOf, limits, tableNames, toUuid } from '@karmanflow/schema';
import {
  type AnyEntity,
  changeableFields,
  type FieldColumn,
  isLedger,
  type Load,
  parameterOf,
} from '../definition/entity.ts';
import type { Registry } from '../definition/registry.ts';
import type { Entry, WorkingState } from '../working-state.ts';
import type { DecidedCommand } from './decide-command.ts';
import { insertRows, selectRows, type Statement, updateRows } from './statements.ts';

type ScopePair = readonly [string, string];

/** One statement for each entity and set of fields, in the global lock order. */
export function loadStatements(
  loads: readonly Load[],
  options: { registry: Registry; scope: ScopePair },
): { entity: AnyEntity; statement: Statement }[] {
  const groups = new Map<string, { entity: AnyEntity; fields: string[]; tuples: Map<string, unknown[]> }>();
  for (const { entity, where } of loads) {
    const fields = Object.keys(where);
    const name = `${entity.name} ${fields.join(' ')}`;
    const group = groups.get(name) ?? { entity, fields, tuples: new Map<string, unknown[]>() };
    groups.set(name, group);
    const tuple = fields.map((field) => parameterOf(fieldOf(entity, field), where[field]));
    group.tuples.set(tuple.join(' '), tuple);
  }
  const order = [...options.registry.entities.keys()];
  return [...groups.values()]
    .toSorted((one, other) => order.indexOf(one.entity.name) - order.indexOf(other.entity.name))
    .map(({ entity, fields, tuples }) => ({
      entity,
      statement: selectRows({
        table: entity.table,
        where: fields.map((field) => fieldOf(entity, field).column),
        locked: entity.locked,
        scope: options.scope,
        tuples: [...tuples.values()],
      }),
    }));
}

function fieldOf(entity: AnyEntity, field: string): FieldColumn {
  const found = entity.fields[field];
  if (!found) throw new TypeError(`${entity.name} has no field ${field}`);
  return found;
}

/** Everything that a decided batch writes, parents before children, receipts first: rows refer to them. */
export function writeStatements(
  decided: readonly DecidedCommand[],
  options: { registry: Registry; scope: ScopePair; state: WorkingState },
): Statement[] {
  const { registry, scope, state } = options;
  const statements = [...receiptRows(decided, scope), ...eventRows(decided, scope)];
  const personal = personalRows(decided, scope);
  const dueAt = new Set<string>();
  for (const entity of registry.entities.values()) {
    // Personal values stand outside the entities, but between their parents and their children.
    if (tableNames.indexOf(entity.table) > tableNames.indexOf('personal_data')) statements.push(...personal.splice(0));
    const changed = state.changed(entity);
    if (changed.length === 0) continue;
    statements.push(...entityRows(entity, changed, scope));
    if (entity.table === 'reservations') for (const entry of changed) collectDue(entry, dueAt);
  }
  statements.push(...personal);
  if (dueAt.size > 0) {
    const rows = [...dueAt].toSorted().map((due) => [due]);
    statements.push(
      ...insertRows({ table: 'expiry_schedule', columns: ['due_at'], scope, rows, ignoreConflicts: true }),
    );
  }
  const pending = decided.map(({ receipt }) => [toUuid(receipt.id)]);
  statements.push(...insertRows({ table: 'log_pending', columns: ['receipt_id'], scope, rows: pending }));
  return statements;
}

/** The minute in which a hold ends: the sweeper looks a tenant up when such a minute has begun. */
function collectDue(entry: Entry, dueAt: Set<string>): void {
  const { status, expiresAt } = entry.state as { status?: unknown; expiresAt?: unknown };
  if (status !== 'ACTIVE' || typeof expiresAt !== 'string') return;
  const bucket = limits.expiryBucketSeconds * 1000;
  dueAt.add(new Date(Math.floor(Date.parse(expiresAt) / bucket) * bucket).toISOString());
}

function entityRows(entity: AnyEntity, entries: readonly Entry[], scope: ScopePair): Statement[] {
  const made = entries.filter((entry) => entry.isNew);
  const changed = entries.filter((entry) => !entry.isNew);
  const statements: Statement[] = [];
  if (made.length > 0) {
    const fields = Object.entries(entity.fields);
    const history = isLedger(entity) ? [] : ['version', 'created_at', 'updated_at'];
    const columns = [...fields.map(([, { column }]) => column), ...history, 'receipt_id'];
    const rows = made.map((entry) => [
      ...fieldValues(fields, entry),
      ...(isLedger(entity) ? [] : [entry.version, entry.createdAt, entry.updatedAt]),
      toUuid(entry.changedBy ?? ''),
    ]);
    statements.push(...insertRows({ table: entity.table, columns, scope, rows }));
  }
  if (changed.length > 0) {
    const key: [string, FieldColumn][] = entity.key.map((field) => [field, fieldOf(entity, field)]);
    const fields = [...key, ...changeableFields(entity)];
    const columns = [...fields.map(([, { column }]) => column), 'version', 'updated_at', 'receipt_id'];
    const rows = changed.map((entry) => [
      ...fieldValues(fields, entry),
      entry.version,
      entry.updatedAt,
      toUuid(entry.changedBy ?? ''),
    ]);
    statements.push(...updateRows({ table: entity.table, columns, scope, rows }));
  }
  return statements;
}

function fieldValues(fields: readonly [string, FieldColumn][], entry: Entry): unknown[] {
  const state = entry.state as Readonly<Record<string, unknown>>;
  return fields.map(([field, column]) => parameterOf(column, state[field]));
}

/** Columns of a table that the application fills, without the scope, which comes first, and the transaction id. */
function ownColumns(table: 'command_receipts' | 'domain_events' | 'personal_data'): string[] {
  const filledByDatabase = new Set(['tenant_id', 'environment_id', 'written_in']);
  return Object.keys(columnsOf(table)).filter((column) => !filledByDatabase.has(column));
}

function receiptRows(decided: readonly DecidedCommand[], scope: ScopePair): Statement[] {
  const columns = ownColumns('command_receipts');
  const rows = decided.map(({ command, receipt, completedAt }) => {
    const row: Record<string, unknown> = {
      id: toUuid(receipt.id),
      command_type: receipt.commandType,
      status: receipt.status,
      actor_id: toUuid(command.metadata.caller.actor.id),
      idempotency_key_hash: command.keyHash,
      payload_hash: command.payloadHash,
      body: receipt.bytes,
      hash: receipt.hash,
      signature: receipt.signature,
      key_id: receipt.keyId,
      response: receipt.response,
      correlation_id: toUuid(command.metadata.correlationId),
      completed_at: completedAt,
    };
    return columns.map((column) => row[column]);
  });
  return insertRows({ table: 'command_receipts', columns, scope, rows });
}

function eventRows(decided: readonly DecidedCommand[], scope: ScopePair): Statement[] {
  const columns = ownColumns('domain_events');
  const rows = decided.flatMap(({ receipt, events }) =>
    events.map((event) => {
      const row: Record<string, unknown> = {
        id: event.id,
        type: event.type,
        body: event.bytes,
        hash: event.hash,
        receipt_id: toUuid(receipt.id),
      };
      return columns.map((column) => row[column]);
    }),
  );
  return insertRows({ table: 'domain_events', columns, scope, rows });
}

function personalRows(decided: readonly DecidedCommand[], scope: ScopePair): Statement[] {
  const columns = ownColumns('personal_data');
  const rows = decided.flatMap(({ receipt, personal, completedAt }) =>
    personal.map(({ id, field, value }) => {
      const row: Record<string, unknown> = {
        id,
        field,
        value,
        erased_at: null,
        version: 1,
        created_at: completedAt,
        updated_at: completedAt,
        receipt_id: toUuid(receipt.id),
      };
      return columns.map((column) => row[column]);
    }),
  );
  return insertRows({ table: 'personal_data', columns, scope, rows });
}

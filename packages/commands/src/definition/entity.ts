import type { EventEnvelope } from '@karmanflow/events';
import { columnsOf, type Id, type IdKind, type TableName, tableOf, toId, toUuid } from '@karmanflow/schema';

/** Where a field of the state lives, and which kind of id it is when it is one. */
export interface FieldColumn {
  readonly column: string;
  readonly id?: IdKind;
}

/** What an event looks like to `evolve`: the facts, and when and by which event they came about. */
export interface PastEvent<Data = unknown> {
  readonly type: string;
  readonly data: Data;
  readonly eventId: Id<'event'>;
  readonly occurredAt: string;
}

export type KeyOf = Readonly<Record<string, string | number>>;

/**
 * Makes the next value of an entity. Pure, and the only way in which a value is made: folding the events from nothing
 * gives the tables exactly. `state` is undefined when the event brings the entity into being.
 */
export type Evolve<State> = (state: State | undefined, event: PastEvent<never>, key: KeyOf) => State;

export interface EntityDefinition<State extends object> {
  readonly name: string;
  readonly table: TableName;
  readonly fields: { readonly [Field in keyof State & string]: FieldColumn };
  /** Fields that name one entity, in the order of the primary key. */
  readonly key: readonly (keyof State & string)[];
  /** Rows of it are locked before they are decided upon. Only a locked row may be changed. */
  readonly locked: boolean;
  readonly evolve: Readonly<Record<string, Evolve<State>>>;
}

/** Any entity, as the pipeline sees it: it reaches the state through `fields` only. */
export interface AnyEntity {
  readonly name: string;
  readonly table: TableName;
  readonly fields: Readonly<Record<string, FieldColumn>>;
  readonly key: readonly string[];
  readonly locked: boolean;
  readonly evolve: Readonly<Record<string, (state: never, event: PastEvent<never>, key: KeyOf) => object>>;
}

/** Which rows a command wants to see: all whose fields equal the given values. */
export interface Load {
  readonly entity: AnyEntity;
  readonly where: KeyOf;
  /** Rows of the tenant's control environment, for a command of another one: it may see them and never change them. */
  readonly control?: true;
}

/** Declares an entity over a table of the registry. Throws when fields and columns do not match. */
export function defineEntity<State extends object>(definition: EntityDefinition<State>): EntityDefinition<State> {
  const own = new Set(Object.keys(tableOf(definition.table).columns));
  const columns = Object.values<FieldColumn>(definition.fields).map((field) => field.column);
  const missing = [...own].filter((column) => !columns.includes(column));
  const unknown = columns.filter((column) => !own.has(column));
  if (missing.length > 0 || unknown.length > 0) {
    throw new TypeError(
      `entity ${definition.name}: columns without field [${missing}], fields without column [${unknown}]`,
    );
  }
  return definition;
}

/** A load of one entity or of several, with the fields checked against its state. */
export function rowsWhere<State extends object>(entity: EntityDefinition<State>, where: Partial<State>): Load {
  return { entity, where: where as KeyOf };
}

/** The same, of rows in the tenant's control environment. */
export function controlRowsWhere<State extends object>(entity: EntityDefinition<State>, where: Partial<State>): Load {
  return { entity, where: where as KeyOf, control: true };
}

export function isLedger(entity: AnyEntity): boolean {
  return tableOf(entity.table).kind === 'ledger';
}

/** The text under which an entity is known in events and in memory: its key's values joined by `:`. */
export function entityIdOf(entity: AnyEntity, key: KeyOf): string {
  const [first, second] = entity.key;
  if (second === undefined) return String(key[first ?? '']);
  return entity.key.map((field) => key[field]).join(':');
}

export function fieldOf(entity: AnyEntity, field: string): FieldColumn {
  const found = entity.fields[field];
  if (!found) throw new TypeError(`${entity.name} has no field ${field}`);
  return found;
}

/** A database row as state: ids get their prefix back. */
export function stateFromRow(entity: AnyEntity, row: Readonly<Record<string, unknown>>): object {
  const state: Record<string, unknown> = {};
  for (const [field, { column, id }] of Object.entries(entity.fields)) {
    const value = row[column];
    state[field] = id !== undefined && typeof value === 'string' ? toId(id, value) : value;
  }
  return state;
}

/** The value of one field as a parameter of a statement. */
export function parameterOf(field: FieldColumn, value: unknown): unknown {
  return field.id !== undefined && typeof value === 'string' ? toUuid(value) : value;
}

/** Columns that a command may change, with their fields. */
export function changeableFields(entity: AnyEntity): [string, FieldColumn][] {
  const columns = columnsOf(entity.table);
  return Object.entries(entity.fields).filter(([, { column }]) => columns[column]?.fixed !== true);
}

export function pastEventOf(envelope: EventEnvelope): PastEvent {
  const { eventType: type, data, eventId, occurredAt } = envelope;
  // Checked when the envelope was decoded.
  return { type, data, eventId: eventId as Id<'event'>, occurredAt };
}

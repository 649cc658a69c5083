import type { EventEnvelope } from '@karmanflow/events';
import { columnsOf, type TableName, toUuid } from '@karmanflow/schema';
import { type AnyEntity, entityIdOf, type KeyOf, parameterOf, pastEventOf } from './definition/entity.ts';
import type { Registry } from './definition/registry.ts';
import { type Entry, WorkingState } from './working-state.ts';

/** Rows of the tables as the events alone give them: by table, then by the row's own key. */
export type RebuiltTables = ReadonlyMap<TableName, ReadonlyMap<string, Readonly<Record<string, unknown>>>>;

interface Step {
  readonly event: EventEnvelope;
  readonly key: KeyOf;
  readonly version: number;
}

/**
 * Folds events into tables from nothing. Pure. The events may come in any order: each entity's own versions say in which
 * order they concern it, and a gap or a repetition among them throws, since then the history is not whole.
 */
export function rebuildTables(registry: Registry, events: Iterable<EventEnvelope>): RebuiltTables {
  const steps = new Map<string, Map<string, Step[]>>();
  for (const event of events) {
    const definition = registry.events.get(event.eventType);
    if (!definition) throw new Error(`event ${event.eventId} has the unknown type ${event.eventType}`);
    for (const { entity: name, key } of definition.touches(event.data as never, event.eventId)) {
      const entity = registry.entities.get(name);
      if (!entity) throw new Error(`event ${event.eventId} touches the unknown entity ${name}`);
      const id = entityIdOf(entity, key);
      const version = event.entities.find((one) => one.type === name && one.id === id)?.version ?? 0;
      const ofEntity = steps.get(name) ?? new Map<string, Step[]>();
      steps.set(name, ofEntity);
      const scoped = `${event.tenantId} ${event.environmentId} ${id}`;
      const list = ofEntity.get(scoped) ?? [];
      ofEntity.set(scoped, list);
      list.push({ event, key, version });
    }
  }
  const tables = new Map<TableName, Map<string, Readonly<Record<string, unknown>>>>();
  for (const entity of registry.entities.values()) {
    const rows = new Map<string, Readonly<Record<string, unknown>>>();
    for (const [id, list] of steps.get(entity.name) ?? []) rows.set(id, foldRow(entity, id, list));
    tables.set(entity.table, rows);
  }
  return tables;
}

function foldRow(entity: AnyEntity, id: string, list: readonly Step[]): Readonly<Record<string, unknown>> {
  const state = new WorkingState();
  const isEntity = columnsOf(entity.table)['version'] !== undefined;
  let last: { event: EventEnvelope; entry: Entry } | undefined;
  for (const [index, { event, key, version }] of list.toSorted((one, other) => one.version - other.version).entries()) {
    if (isEntity && version !== index + 1) {
      throw new Error(`${entity.name} ${id}: version ${index + 1} is missing or repeated`);
    }
    last = { event, entry: state.evolve({ entity, key, event: pastEventOf(event), receiptId: event.receiptId }) };
    state.keep();
  }
  return last ? rowOf(entity, last) : {};
}

function rowOf(
  entity: AnyEntity,
  { event, entry }: { event: EventEnvelope; entry: Entry },
): Readonly<Record<string, unknown>> {
  const row: Record<string, unknown> = {
    tenant_id: toUuid(event.tenantId),
    environment_id: toUuid(event.environmentId),
  };
  for (const [field, column] of Object.entries(entity.fields)) {
    row[column.column] = parameterOf(column, (entry.state as Record<string, unknown>)[field]);
  }
  if (entry.version > 0)
    Object.assign(row, { version: entry.version, created_at: entry.createdAt, updated_at: entry.updatedAt });
  return { ...row, receipt_id: toUuid(event.receiptId) };
}

import type { EventEnvelope } from '@karmanflow/events';
import { columnsOf, type TableName, toUuid } from '@karmanflow/schema';
import { type AnyEntity, entityIdOf, type KeyOf, parameterOf, pastEventOf } from '../definition/entity.ts';
import type { Registry } from '../definition/registry.ts';
import { type Entry, WorkingState } from '../working-state.ts';

/** A row as the database has it: uuids without prefix, times as text. */
export type TableRow = Readonly<Record<string, unknown>>;

/** Folds events into rows, keeping one row for each entity and no event that was folded. */
export interface TableFold {
  /**
   * Takes the next event. They may come in any order: each entity's own versions say in which order they concern it, and
   * one that comes early waits. Throws when the history is not whole: unknown types, or a version that comes twice.
   */
  add(event: EventEnvelope): void;
  /** The rows of every table of the registry. Throws when something waits for a version that never came. */
  finish(): ReadonlyMap<TableName, ReadonlyMap<string, TableRow>>;
}

interface Folded {
  readonly state: WorkingState;
  last: { readonly event: EventEnvelope; readonly entry: Entry } | null;
  /** Events that came before their turn, by version. */
  readonly early: Map<number, { readonly event: EventEnvelope; readonly key: KeyOf }>;
}

/** Names an entity across tenants and environments. */
export interface EntityPlace {
  readonly tenantId: string;
  readonly environmentId: string;
  readonly entity: AnyEntity;
  readonly id: string;
}

/** A fold of those entities that `isWanted` names: of several folds, each with its part, each takes a part of the memory. */
export function createTableFold(registry: Registry, isWanted: (place: EntityPlace) => boolean = () => true): TableFold {
  const folded = new Map<string, Map<string, Folded>>();

  function of(name: string, scoped: string): Folded {
    const ofEntity = folded.get(name) ?? new Map<string, Folded>();
    folded.set(name, ofEntity);
    const known = ofEntity.get(scoped);
    if (known) return known;
    const begun: Folded = { state: new WorkingState(), last: null, early: new Map() };
    ofEntity.set(scoped, begun);
    return begun;
  }

  function add(stored: EventEnvelope): void {
    const event = registry.upcast(stored);
    const { tenantId, environmentId } = event;
    const definition = registry.events.get(event.eventType);
    if (!definition) throw new Error(`event ${event.eventId} has the unknown type ${event.eventType}`);
    for (const { entity: name, key } of definition.touches(event.data as never, event.eventId)) {
      const entity = registry.entities.get(name);
      if (!entity) throw new Error(`event ${event.eventId} touches the unknown entity ${name}`);
      const id = entityIdOf(entity, key);
      if (!isWanted({ tenantId, environmentId, entity, id })) continue;
      const version = event.entities.find((one) => one.type === name && one.id === id)?.version ?? 0;
      take({ entity, id, into: of(name, `${tenantId} ${environmentId} ${id}`), version, event, key });
    }
  }

  return {
    add,
    finish() {
      const tables = new Map<TableName, Map<string, TableRow>>();
      for (const entity of registry.entities.values()) {
        const rows = new Map<string, TableRow>();
        for (const [scoped, one] of folded.get(entity.name) ?? []) {
          if (one.early.size > 0) throw notWhole(entity, scoped, versionOf(one) + 1);
          if (one.last) rows.set(scoped, rowOf(entity, one.last));
        }
        tables.set(entity.table, rows);
      }
      return tables;
    },
  };
}

interface Step {
  readonly entity: AnyEntity;
  readonly id: string;
  readonly into: Folded;
  readonly version: number;
  readonly event: EventEnvelope;
  readonly key: KeyOf;
}

function take({ entity, id, into, version, event, key }: Step): void {
  if (columnsOf(entity.table)['version'] === undefined) return evolve({ entity, into, event, key });
  const due = versionOf(into) + 1;
  if (version < due || into.early.has(version)) throw notWhole(entity, id, version);
  if (version > due) return void into.early.set(version, { event, key });
  evolve({ entity, into, event, key });
  for (let next = due + 1; ; next += 1) {
    const waiting = into.early.get(next);
    if (!waiting) return;
    into.early.delete(next);
    evolve({ entity, into, ...waiting });
  }
}

function evolve({ entity, into, event, key }: Pick<Step, 'entity' | 'into' | 'event' | 'key'>): void {
  const entry = into.state.evolve({ entity, key, event: pastEventOf(event), receiptId: event.receiptId });
  into.state.keep();
  into.last = { event, entry };
}

function versionOf({ last }: Folded): number {
  return last?.entry.version ?? 0;
}

function notWhole(entity: AnyEntity, id: string, version: number): Error {
  return new Error(`${entity.name} ${id}: version ${version} is missing or repeated`);
}

function rowOf(entity: AnyEntity, { event, entry }: { event: EventEnvelope; entry: Entry }): TableRow {
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

import type { StateReader } from './definition/command.ts';
import {
  type AnyEntity,
  type EntityDefinition,
  entityIdOf,
  isLedger,
  type KeyOf,
  type Load,
  type PastEvent,
} from './definition/entity.ts';

/** One entity in memory while a batch runs. */
export interface Entry {
  readonly entity: AnyEntity;
  readonly id: string;
  readonly state: object;
  /** 0 for ledger rows, which have no version. */
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** The receipt that last changed it in this batch; null while it stands as it was loaded. */
  readonly changedBy: string | null;
  /** True when the database does not have it yet. */
  readonly isNew: boolean;
  /** A row of the control environment, seen from another one: a fact, and not this transaction's to change. */
  readonly foreign?: boolean;
}

/**
 * The rows of a batch, evolving as its commands are decided one after the other. What a command changed can be taken
 * back as a whole, so that one that fails leaves nothing for its neighbours.
 */
export class WorkingState implements StateReader {
  readonly #entries = new Map<string, Map<string, Entry>>();
  readonly #made = new Map<string, string[]>();
  #undo: { entries: Map<string, Entry>; id: string; before: Entry | undefined }[] = [];

  #of(name: string): Map<string, Entry> {
    const known = this.#entries.get(name);
    if (known) return known;
    const made = new Map<string, Entry>();
    this.#entries.set(name, made);
    return made;
  }

  #madeOf(name: string): string[] {
    const known = this.#made.get(name);
    if (known) return known;
    const list: string[] = [];
    this.#made.set(name, list);
    return list;
  }

  /** Adds a row as the database has it. A row that is already here stays: it may have evolved. */
  add(entry: Entry): void {
    const entries = this.#of(entry.entity.name);
    if (!entries.has(entry.id)) entries.set(entry.id, entry);
  }

  #matching(entity: AnyEntity, where: KeyOf): Entry[] {
    const entries = this.#of(entity.name);
    const fields = Object.keys(where);
    const matches = ({ state }: Entry): boolean =>
      fields.every((field) => (state as Record<string, unknown>)[field] === where[field]);
    if (!entity.key.every((field) => where[field] !== undefined)) return [...entries.values()].filter(matches);
    const entry = entries.get(entityIdOf(entity, where));
    return entry && matches(entry) ? [entry] : [];
  }

  get<State extends object>(entity: EntityDefinition<State>, where: Partial<State>): State | undefined {
    return this.list(entity, where)[0];
  }

  list<State extends object>(entity: EntityDefinition<State>, where: Partial<State>): State[] {
    // The map holds what stateFromRow and evolve of this very entity made.
    return this.#matching(entity, where as KeyOf).map(({ state }) => state as State);
  }

  /**
   * Whether `load` names one row that is here and that nobody else can change before this transaction ends. Of any other row
   * the database may know more by now: one that is not locked, one that was not there, or further rows of a kind.
   */
  holds({ entity, where, control }: Load): boolean {
    if (!entity.locked || control) return false;
    const fields = Object.keys(where);
    if (fields.length !== entity.key.length || !entity.key.every((field) => fields.includes(field))) return false;
    const [entry] = this.#matching(entity, where);
    return entry !== undefined && !entry.foreign;
  }

  versionOf<State extends object>(entity: EntityDefinition<State>, where: Partial<State>): number {
    return this.#matching(entity, where as KeyOf)[0]?.version ?? 0;
  }

  /** Applies an event to one entity and returns what it became. Throws on what only a bug can cause. */
  evolve(options: { entity: AnyEntity; key: KeyOf; event: PastEvent; receiptId: string }): Entry {
    const { entity, key, event, receiptId } = options;
    const evolve = entity.evolve[event.type];
    if (!evolve) throw new Error(`${entity.name} does not know ${event.type}`);
    const entries = this.#of(entity.name);
    const id = entityIdOf(entity, key);
    const before = entries.get(id);
    if (before && isLedger(entity)) throw new Error(`${entity.name} ${id} is append-only`);
    if (before?.foreign) throw new Error(`${entity.name} ${id} belongs to the control environment`);
    if (before && !before.isNew && !entity.locked)
      throw new Error(`${entity.name} ${id} was not locked, so it cannot change`);
    const after: Entry = {
      entity,
      id,
      // Both come from this entity's own rows and events.
      state: evolve(before?.state as never, event as PastEvent<never>, key),
      version: isLedger(entity) ? 0 : (before?.version ?? 0) + 1,
      createdAt: before?.createdAt ?? event.occurredAt,
      updatedAt: event.occurredAt,
      changedBy: receiptId,
      isNew: before?.isNew ?? true,
    };
    this.#undo.push({ entries, id, before });
    if (!before) this.#madeOf(entity.name).push(id);
    entries.set(id, after);
    return after;
  }

  /** Makes the changes since the last call final. */
  keep(): void {
    this.#undo = [];
  }

  /** Takes back the changes since the last call of `keep`. */
  takeBack(): void {
    for (const { entries, id, before } of this.#undo.toReversed()) {
      if (before) entries.set(id, before);
      else entries.delete(id);
    }
    this.#undo = [];
  }

  hasNew(entity: AnyEntity): boolean {
    return (this.#made.get(entity.name)?.length ?? 0) > 0;
  }

  /** Entries that the database does not have yet. From here on they count as written: later changes are updates. */
  takeNew(entity: AnyEntity): Entry[] {
    const entries = this.#of(entity.name);
    const made = this.#made.get(entity.name)?.splice(0) ?? [];
    const taken: Entry[] = [];
    for (const id of made) {
      const entry = entries.get(id);
      if (!entry?.isNew) continue;
      taken.push(entry);
      entries.set(id, { ...entry, isNew: false, changedBy: null });
    }
    return taken;
  }

  /** Rows that were loaded or written before and have changed since. */
  changed(entity: AnyEntity): Entry[] {
    if (!entity.locked) return [];
    return [...this.#of(entity.name).values()].filter((entry) => entry.changedBy !== null && !entry.isNew);
  }
}

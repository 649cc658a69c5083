import { createUpcaster, type EntityKey, type EventDefinition, type Upcaster } from '@karmanflow/events';
import { tableNames } from '@karmanflow/schema';
import type { AnyCommand } from './command.ts';
import type { AnyEntity } from './entity.ts';
import type { AnyQuery } from './query.ts';

export type AnyEvent = Omit<EventDefinition, 'touches' | 'dueAt'> & {
  readonly touches: (data: never, eventId: string) => readonly EntityKey[];
  readonly dueAt?: (data: never) => string;
};

/** The manifest of a feature: everything that it adds to the system. */
export interface FeatureDefinition {
  readonly name: string;
  readonly commands: readonly AnyCommand[];
  readonly queries: readonly AnyQuery[];
  readonly events: readonly AnyEvent[];
  readonly entities: readonly AnyEntity[];
  /** What agents are told about the feature; the tool list is made from commands and queries. */
  readonly agentSurface: { readonly summary: string };
}

/** Declares a feature. Throws when a command or query does not carry the feature's name. */
export function defineFeature(definition: FeatureDefinition): FeatureDefinition {
  for (const { type } of [...definition.commands, ...definition.queries]) {
    if (!type.startsWith(`${definition.name}.`))
      throw new TypeError(`${type} is not named after its feature ${definition.name}`);
  }
  return definition;
}

export interface Registry {
  readonly features: readonly FeatureDefinition[];
  readonly commands: ReadonlyMap<string, AnyCommand>;
  readonly queries: ReadonlyMap<string, AnyQuery>;
  readonly events: ReadonlyMap<string, AnyEvent>;
  /** Reads a stored event of any version as its newest one. */
  readonly upcast: Upcaster;
  /** In the global lock order: by table as the table registry lists them. */
  readonly entities: ReadonlyMap<string, AnyEntity>;
}

function index<T>(items: readonly T[], nameOf: (item: T) => string): Map<string, T> {
  const map = new Map<string, T>();
  for (const item of items) {
    const name = nameOf(item);
    if (map.has(name)) throw new TypeError(`${name} is declared twice`);
    map.set(name, item);
  }
  return map;
}

/**
 * Joins features. Throws unless every name is unique and every entity can evolve by some event of the registry, so that a
 * gap in a feature is found when the process starts and not when a command runs.
 */
export function createRegistry(features: readonly FeatureDefinition[]): Registry {
  const all = <T>(pick: (feature: FeatureDefinition) => readonly T[]): T[] => features.flatMap(pick);
  const entities = all((feature) => feature.entities).toSorted(
    (one, other) => tableNames.indexOf(one.table) - tableNames.indexOf(other.table),
  );
  const events = index(
    all((feature) => feature.events),
    (event) => event.type,
  );
  const registry: Registry = {
    features,
    commands: index(
      all((feature) => feature.commands),
      (command) => command.type,
    ),
    queries: index(
      all((feature) => feature.queries),
      (query) => query.type,
    ),
    events,
    upcast: createUpcaster(events.values()),
    entities: index(entities, (entity) => entity.name),
  };
  // One entity for each table: its rows, its prepared statements and its replay all go by the table.
  index(entities, (entity) => entity.table);
  for (const entity of entities) {
    const unknown = Object.keys(entity.evolve).filter((type) => !registry.events.has(type));
    if (unknown.length > 0)
      throw new TypeError(`entity ${entity.name} evolves by unknown events: ${unknown.join(', ')}`);
  }
  return registry;
}

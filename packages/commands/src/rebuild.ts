import type { EventEnvelope } from '@karmanflow/events';
import type { TableName } from '@karmanflow/schema';
import type { Registry } from './definition/registry.ts';
import { createTableFold, type TableRow } from './integrity/table-fold.ts';

/** Rows of the tables as the events alone give them: by table, then by the row's own key. */
export type RebuiltTables = ReadonlyMap<TableName, ReadonlyMap<string, TableRow>>;

/**
 * Folds events into tables from nothing. Pure. The events may come in any order: each entity's own versions say in which
 * order they concern it, and a gap or a repetition among them throws, since then the history is not whole.
 */
export function rebuildTables(registry: Registry, events: Iterable<EventEnvelope>): RebuiltTables {
  const fold = createTableFold(registry);
  for (const event of events) fold.add(event);
  return fold.finish();
}

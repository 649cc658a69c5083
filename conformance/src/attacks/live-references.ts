import { type TableName, tableNames } from '@karmanflow/schema';
import { liveCatalogueOf } from '../catalogue/read-catalogue.ts';
import type { Attack } from './attack-check.ts';

export interface LiveReference {
  readonly name: string;
  readonly table: TableName;
  readonly columns: readonly string[];
  readonly targetTable: TableName;
  readonly targetColumns: readonly string[];
  /** Whether it deletes or changes rows by itself. */
  readonly acts: boolean;
}

function declaredTable(name: string | null): TableName {
  const table = tableNames.find((candidate) => candidate === name);
  if (!table) throw new Error(`${name} is not in the registry: nothing is known about its rows`);
  return table;
}

/** Every foreign key that the tables have, whatever the registry says. */
export async function liveReferences({ target, tables }: Attack): Promise<readonly LiveReference[]> {
  const { constraints } = await liveCatalogueOf(target);
  return constraints
    .filter(({ type, table }) => type === 'f' && tables.some((name) => name === table))
    .map((key) => ({
      name: key.name,
      table: declaredTable(key.table),
      columns: key.columns,
      targetTable: declaredTable(key.target),
      targetColumns: key.target_columns,
      acts: !'ar'.includes(key.on_delete) || !'ar'.includes(key.on_update),
    }));
}

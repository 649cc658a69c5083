import { columnsOf, type Row, schemaName, type TableName, tableNames, valueParsers } from '@karmanflow/schema';
import pg from 'pg';

/** Every row of the database, as it is to a superuser, who sees past row-level security. */
export type DatabaseImage = { readonly [Name in TableName]: readonly Row<Name>[] };

/** A connection whose values are those of `Row`. The caller ends it. */
export async function connectAsSuperuser(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, types: valueParsers });
  await client.connect();
  await client.query('SET timezone = UTC');
  return client;
}

/** Reads the tables named, and takes the others from `known`. */
export async function readDatabase(
  client: pg.Client,
  change: { readonly known: DatabaseImage; readonly tables: readonly TableName[] } | null = null,
): Promise<DatabaseImage> {
  const image: Partial<Record<TableName, readonly unknown[]>> = { ...change?.known };
  for (const name of change?.tables ?? tableNames) {
    const columns = Object.keys(columnsOf(name)).join(', ');
    image[name] = (await client.query(`select ${columns} from ${schemaName}.${name}`)).rows;
  }
  // The columns are those of the registry, parsed by the parsers that belong to `Row`.
  return image as DatabaseImage;
}

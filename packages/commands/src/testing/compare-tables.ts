import { valueParsers } from '@karmanflow/schema';
import { Client } from 'pg';
import type { Registry } from '../definition/registry.ts';
import { compareSnapshot, type TableComparison } from '../integrity/index.ts';
import { registry as everything } from '../registry.ts';

export type { TableComparison, TableDifference } from '../integrity/index.ts';

/**
 * Folds every event of a database from nothing and compares the result with its tables, row by row and column by column,
 * across all tenants. `adminUrl` is that of a superuser, who alone sees them all. Reads one snapshot and changes nothing.
 * Throws when the events are not whole: a gap, a repetition, or an event that is no envelope.
 */
export async function compareTablesWithEvents(options: {
  readonly adminUrl: string;
  readonly registry?: Registry;
  readonly eventsPerPass?: number;
}): Promise<TableComparison> {
  // pg's declaration lists the known oids only; the parsers of the schema answer for all of them.
  const client = new Client({ connectionString: options.adminUrl, types: valueParsers as never });
  await client.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const { registry = everything, eventsPerPass } = options;
    return await compareSnapshot({
      query: (text) => client.query<Record<string, unknown>>(text),
      registry,
      scope: null,
      ...(eventsPerPass === undefined ? {} : { eventsPerPass }),
    });
  } finally {
    await client.end();
  }
}

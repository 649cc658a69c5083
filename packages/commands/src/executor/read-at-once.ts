import { type Database, type Scope, scopeStatements } from '@karmanflow/schema';
import { sqlStateOf } from './failure.ts';
import { allOf } from './statement-block.ts';
import type { Statement } from './statements.ts';

export type Row = Readonly<Record<string, unknown>>;

/**
 * The rows of each statement, read in one READ ONLY transaction that sees the rows of `scope` and nothing else, in one round
 * trip: for look-ups that stand in the way of every command. Throws when the database does not answer, or refuses one.
 */
export async function readAtOnce(
  database: Database,
  scope: Scope,
  statements: readonly Statement[],
): Promise<readonly (readonly Row[])[]> {
  if (statements.length === 0) return [];
  const opening = ['BEGIN READ ONLY', ...scopeStatements(scope)];
  return database.connection(async (client, discard) => {
    try {
      const results = await allOf([
        ...opening.map((text) => client.query(text)),
        ...statements.map((statement) => client.query({ ...statement, values: [...statement.values] })),
        client.query('COMMIT'),
      ]);
      return results.slice(opening.length, -1).map(({ rows }) => rows as Row[]);
    } catch (error) {
      // An error of the driver's own leaves the protocol where nobody knows it; after the server's, COMMIT has rolled back.
      if (sqlStateOf(error) === null) discard();
      throw error;
    }
  });
}

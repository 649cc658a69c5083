import type { Database } from '@karmanflow/schema';

/** A connection as `Database` lends it, in pipeline mode. */
export type Connection = Parameters<Parameters<Database['connection']>[0]>[0];

export interface Statement {
  /** Prepared once in each session, where a statement comes again and again. */
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
}

type Rows = readonly Record<string, unknown>[];

export interface Answer {
  readonly rows: Rows;
  readonly rowCount: number;
}

/** Sends statements without waiting between them. Throws the first failure, once all have been answered. */
export async function sendAll(connection: Connection, statements: readonly Statement[]): Promise<Answer[]> {
  const sent = statements.map(({ name, text, values = [] }) =>
    connection.query({ text, values: [...values], ...(name === undefined ? {} : { name }) }),
  );
  const settled = await Promise.allSettled(sent);
  return settled.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return { rows: outcome.value.rows as Rows, rowCount: outcome.value.rowCount ?? 0 };
  });
}

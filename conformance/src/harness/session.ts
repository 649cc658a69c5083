import { type RuntimeRole, scopeStatements, toId } from '@karmanflow/schema';
import { type Client, DatabaseError, type QueryResult } from 'pg';
import type { Target } from './target.ts';

/** A tenant and one of its environments, as the UUIDs that stand in the database. */
export interface PlaceIds {
  readonly tenantId: string;
  readonly environmentId: string;
}

export interface Refusal {
  readonly sqlState: string;
  readonly message: string;
  readonly detail: string | undefined;
  readonly constraint: string | undefined;
}

export interface LocatedRefusal extends Refusal {
  /** What the server was doing; its positions inside tables differ from run to run. */
  readonly where: string | undefined;
}

export type Outcome =
  | { readonly refused: Refusal; readonly rows: readonly []; readonly rowCount: 0 }
  | { readonly refused: null; readonly rows: readonly Record<string, unknown>[]; readonly rowCount: number };

/** One transaction of one role, always rolled back. */
export interface Session {
  readonly role: string;
  /** Takes on the scope of a place, with the very statements that the application sends. */
  enter(place: PlaceIds): Promise<void>;
  /** Runs a statement that must succeed and stays in effect until the transaction ends. */
  perform(sql: string, values?: readonly unknown[]): Promise<QueryResult>;
  /** Tries a statement: what succeeds stays in effect. */
  attempt(sql: string, values?: readonly unknown[]): Promise<Outcome>;
  /** Tries a statement and undoes it. */
  probe(sql: string, values?: readonly unknown[]): Promise<Outcome>;
}

/** The refusal behind an error of the server; any other error is thrown again. */
export function refusalOf(error: unknown): LocatedRefusal {
  if (!(error instanceof DatabaseError) || error.code === undefined) throw error;
  const { code, message, detail, constraint, where } = error;
  return { sqlState: code, message, detail, constraint, where };
}

export function succeeded({ rows, rowCount }: { rows: Record<string, unknown>[]; rowCount: number | null }): Outcome {
  return { refused: null, rows, rowCount: rowCount ?? 0 };
}

export function refusedWith(error: unknown): Outcome {
  const { where: _where, ...refused } = refusalOf(error);
  return { refused, rows: [], rowCount: 0 };
}

function sessionOver(client: Client, role: string): Session {
  // After ROLLBACK TO a savepoint stands as before, so that one serves all probes until something is performed.
  let hasSavepoint = false;
  const send = (sql: string, values?: readonly unknown[]): Promise<QueryResult> =>
    values === undefined ? client.query(sql) : client.query(sql, [...values]);

  async function perform(sql: string, values?: readonly unknown[]): Promise<QueryResult> {
    if (hasSavepoint) await client.query('RELEASE SAVEPOINT probe');
    hasSavepoint = false;
    return send(sql, values);
  }

  return {
    role,
    perform,
    async enter({ tenantId, environmentId }) {
      const scope = { tenantId: toId('tenant', tenantId), environmentId: toId('environment', environmentId) };
      for (const statement of scopeStatements(scope)) await perform(statement);
    },
    async attempt(sql, values) {
      await perform('SAVEPOINT attempt');
      const outcome = await send(sql, values).then(succeeded, refusedWith);
      await client.query(outcome.refused ? 'ROLLBACK TO SAVEPOINT attempt' : 'RELEASE SAVEPOINT attempt');
      return outcome;
    },
    async probe(sql, values) {
      if (!hasSavepoint) await client.query('SAVEPOINT probe');
      hasSavepoint = true;
      const outcome = await send(sql, values).then(succeeded, refusedWith);
      await client.query('ROLLBACK TO SAVEPOINT probe');
      return outcome;
    },
  };
}

async function rolledBack<T>(client: Client, role: string, work: (session: Session) => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  const result = await work(sessionOver(client, role));
  await client.query('ROLLBACK');
  return result;
}

/** Work inside one transaction of a runtime role, through a connection that logged in as it. */
export function asRole<T>(target: Target, role: RuntimeRole, work: (session: Session) => Promise<T>): Promise<T> {
  return target.as(role, (client) => rolledBack(client, role, work));
}

/** Work inside one transaction of the administrator; `settings` run first, such as SET LOCAL ROLE. */
export function asAdministrator<T>(
  target: Target,
  { name, settings }: { name: string; settings: readonly string[] },
  work: (session: Session) => Promise<T>,
): Promise<T> {
  return target.asAdmin((client) =>
    rolledBack(client, name, async (session) => {
      for (const statement of settings) await session.perform(statement);
      return work(session);
    }),
  );
}

import { Kysely, PostgresAdapter, PostgresDialect, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';
import { Pool, type PoolClient } from 'pg';
import { isUuid, type Scope, toUuid } from '../ids.ts';
import { limits } from '../limits.ts';
import { schemaName } from '../tables/definition.ts';
import type { DatabaseTables } from '../tables/registry.ts';
import { createCoalescingSocket } from './coalescing-socket.ts';
import { valueParsers } from './value-parsers.ts';

export interface DatabaseOptions {
  /** postgresql:// address of one runtime role. */
  readonly url: string;
  readonly applicationName: string;
  readonly connectionsMax?: number;
  /** Extra run-time settings of each connection, for example `synchronous_commit` in a negative control. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Told of connections that died while nobody used them; the pool replaces them. */
  readonly onConnectionError?: (error: Error) => void;
}

export interface Database {
  /** Runs `work` inside one READ ONLY transaction that sees the rows of `scope` and nothing else. */
  read<T>(scope: Scope, work: (db: Kysely<DatabaseTables>) => Promise<T>): Promise<T>;
  /** Runs `work` without any scope: every table looks empty, except queues to the role that drains them. */
  unscoped<T>(work: (db: Kysely<DatabaseTables>) => Promise<T>): Promise<T>;
  /**
   * Lends a connection in pipeline mode to the executor. It is reset after use, or destroyed when that fails, when it is
   * left inside a transaction, or when `work` calls `discard`.
   */
  connection<T>(work: (client: PoolClient, discard: () => void) => Promise<T>): Promise<T>;
  /** Connections in use and callers waiting for one. */
  load(): { readonly total: number; readonly idle: number; readonly waiting: number };
  close(): Promise<void>;
}

/**
 * The statements that give a transaction its scope. Utility statements with literals: SET takes no parameters, and
 * set_config() could be reached from an injected expression. Each is a protocol message of its own (Citus needs that).
 */
export function scopeStatements(scope: Scope): [string, string] {
  const tenant = toUuid(scope.tenantId);
  const environment = toUuid(scope.environmentId);
  if (!isUuid(tenant) || !isUuid(environment)) throw new TypeError('a scope consists of two UUIDs');
  return [`SET LOCAL kf.tenant_id = '${tenant}'`, `SET LOCAL kf.environment_id = '${environment}'`];
}

function startupOptions(settings: Readonly<Record<string, string>>): string {
  const all: Record<string, string> = {
    search_path: schemaName,
    timezone: 'UTC',
    // Every index begins with the tenant, so there is always a better path; young statistics must not hide it.
    enable_seqscan: 'off',
    statement_timeout: String(limits.statementTimeoutMilliseconds),
    lock_timeout: String(limits.lockTimeoutMilliseconds),
    idle_in_transaction_session_timeout: String(limits.idleInTransactionTimeoutMilliseconds),
    ...settings,
  };
  return Object.entries(all)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
}

/**
 * A Kysely over one borrowed connection, for one transaction: a query that comes after its end is refused, or it would run
 * in the transaction of whoever borrowed the connection next.
 */
function kyselyOver(client: PoolClient, isOpen: () => boolean): Kysely<DatabaseTables> {
  const query = (text: string, values: unknown[]): Promise<unknown> =>
    isOpen() ? client.query(text, values) : Promise.reject(new Error('the transaction of this query has ended'));
  const connection = { query, release: () => undefined };
  const borrowed = new PostgresDialect({
    // PostgresDialect only calls connect() and end(); the borrowed client answers for the whole pool.
    pool: { connect: async () => connection, end: async () => undefined } as never,
  });
  return new Kysely<DatabaseTables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => borrowed.createDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
}

/** I: idle · T: in a transaction · E: in a failed one. `pg` has it; its type declarations do not yet. */
function transactionStatusOf(client: PoolClient): string | null {
  return (client as PoolClient & { getTransactionStatus(): string | null }).getTransactionStatus();
}

export function openDatabase(options: DatabaseOptions): Database {
  const report = options.onConnectionError ?? ((): void => undefined);
  const pool = new Pool({
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.connectionsMax ?? limits.poolConnections,
    connectionTimeoutMillis: limits.connectTimeoutMilliseconds,
    // The server's own timeouts end a statement; this one covers a server that no longer answers at all.
    query_timeout: limits.transactionTimeoutMilliseconds,
    keepAlive: true,
    options: startupOptions(options.settings ?? {}),
    types: valueParsers,
    pipeline: true,
    stream: createCoalescingSocket,
  } as ConstructorParameters<typeof Pool>[0]); // @types/pg does not know `pipeline` yet.
  // A connection that dies while idle, or between two statements, reports here; without a listener it ends the process.
  pool.on('error', report);
  pool.on('connect', (client) => client.on('error', report));

  async function connection<T>(work: (client: PoolClient, discard: () => void) => Promise<T>): Promise<T> {
    const client = await pool.connect();
    let broken = false;
    try {
      return await work(client, () => {
        broken = true;
      });
    } finally {
      if (broken) client.release(true);
      else void reset(client);
    }
  }

  /** Session settings and held cursors would survive into the next borrower's transaction. */
  async function reset(client: PoolClient): Promise<void> {
    try {
      await Promise.all([client.query('RESET ALL'), client.query('CLOSE ALL')]);
      // A transaction that somebody forgot to end would become part of the next borrower's.
      client.release(transactionStatusOf(client) !== 'I');
    } catch {
      client.release(true);
    }
  }

  async function transaction<T>(opening: string[], work: (db: Kysely<DatabaseTables>) => Promise<T>): Promise<T> {
    return connection(async (client, discard) => {
      await Promise.all(opening.map((statement) => client.query(statement)));
      let open = true;
      try {
        const result = await work(kyselyOver(client, () => open));
        open = false;
        await client.query('COMMIT');
        return result;
      } catch (error) {
        open = false;
        await client.query('ROLLBACK').catch(discard);
        throw error;
      }
    });
  }

  return {
    read: (scope, work) => transaction(['BEGIN READ ONLY', ...scopeStatements(scope)], work),
    unscoped: (work) => transaction(['BEGIN'], work),
    connection,
    load: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    close: () => pool.end(),
  };
}

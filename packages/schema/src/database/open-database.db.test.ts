import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { sql } from 'kysely';
import { type PoolClient, Pool } from 'pg';
import { limits } from '../limits.ts';
import type { Scope } from '../ids.ts';
import { createTestDatabase, type TestDatabase, withClient } from '../testing/index.ts';
import { type Database, type DatabaseOptions, openDatabase, scopeStatements } from './open-database.ts';

let testDatabase: TestDatabase;
const opened: Database[] = [];

const scopeOf = (tenant: number, environment: number): Scope => ({
  tenantId: `tnt_00000000-0000-7000-8000-${String(tenant).padStart(12, '0')}`,
  environmentId: `env_00000000-0000-7000-8000-${String(environment).padStart(12, '0')}`,
});
const here = scopeOf(1, 11);
const sibling = scopeOf(1, 12);
const stranger = scopeOf(2, 21);

function open(options: Partial<DatabaseOptions> = {}): Database {
  const database = openDatabase({
    url: testDatabase.urlFor('kf_command'),
    applicationName: 'kf-open-database-test',
    connectionsMax: 1,
    ...options,
  });
  opened.push(database);
  return database;
}

/** A receipt is the one row that refers to nothing else: good enough to look at. */
const insertReceipt = `insert into kf.command_receipts (tenant_id, environment_id, id, command_type, status, actor_id,
  payload_hash, body, hash, signature, key_id, correlation_id, completed_at)
  select current_setting('kf.tenant_id')::uuid, current_setting('kf.environment_id')::uuid, gen_random_uuid(), $1, 'DENIED',
  gen_random_uuid(), sha256(''), '', sha256(''), sha256('') || sha256(''), 'key', gen_random_uuid(), now()`;

async function writeReceipt(client: PoolClient, options: { scope: Scope; commandType: string }): Promise<void> {
  await client.query('BEGIN');
  for (const statement of scopeStatements(options.scope)) await client.query(statement);
  await client.query(insertReceipt, [options.commandType]);
}

const typesSeen = async (database: Database, scope: Scope): Promise<string[]> => {
  const rows = await database.read(scope, (db) => db.selectFrom('command_receipts').select('command_type').execute());
  return rows.map((row) => row.command_type);
};

const backendOf = (database: Database): Promise<number> =>
  database.connection(async (client) => Number((await client.query('select pg_backend_pid() as pid')).rows[0].pid));

async function until(condition: () => boolean): Promise<void> {
  const endsAt = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > endsAt) throw new Error('waited in vain');
    await Bun.sleep(2);
  }
}

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  const database = open();
  for (const [scope, commandType] of [
    [here, 'a.here'],
    [sibling, 'a.sibling'],
    [stranger, 'a.stranger'],
  ] as const) {
    await database.connection(async (client) => {
      await writeReceipt(client, { scope, commandType });
      await client.query('COMMIT');
    });
  }
});
afterAll(async () => {
  await Promise.all(opened.map((database) => database.close()));
  await testDatabase.drop();
});

describe('a scope', () => {
  test('shows its own rows; the rest of the tenant and other tenants look as if they did not exist', async () => {
    const database = open();
    expect(await typesSeen(database, here)).toEqual(['a.here']);
    expect(await typesSeen(database, sibling)).toEqual(['a.sibling']);
    expect(await typesSeen(database, stranger)).toEqual(['a.stranger']);
    expect(await typesSeen(database, { ...here, environmentId: stranger.environmentId })).toEqual([]);
    expect(await typesSeen(database, { ...stranger, environmentId: here.environmentId })).toEqual([]);
  });

  test('is needed: without one every table looks empty, and nothing can be written', async () => {
    const database = open();
    const rows = await database.unscoped((db) => db.selectFrom('command_receipts').selectAll().execute());
    expect(rows).toEqual([]);
    const write = database.connection((client) => client.query(insertReceipt, ['a.nowhere']));
    await expect(write).rejects.toMatchObject({ code: expect.stringMatching(/^(42501|42704)$/) });
  });

  test('does not leak between reads that share few connections', async () => {
    const database = open({ connectionsMax: 2 });
    const scopes = Array.from({ length: 60 }, (_, index) => [here, sibling, stranger][index % 3] ?? here);
    const seen = await Promise.all(scopes.map((scope) => typesSeen(database, scope)));
    const expected = scopes.map((scope) => [
      scope === here ? 'a.here' : scope === sibling ? 'a.sibling' : 'a.stranger',
    ]);
    expect(seen).toEqual(expected);
    await until(() => database.load().idle === 2);
    expect(database.load()).toEqual({ total: 2, idle: 2, waiting: 0 });
  });

  test.each([
    ['a quote', "tnt_00000000-0000-7000-8000-000000000001'; select 1; --"],
    ['no id', 'tnt_nobody'],
    ['nothing', ''],
  ])('of %s is refused before it reaches a statement', (_what, tenantId) => {
    expect(() => scopeStatements({ ...here, tenantId: tenantId as Scope['tenantId'] })).toThrow(TypeError);
    expect(() => scopeStatements({ ...here, environmentId: tenantId as Scope['environmentId'] })).toThrow(TypeError);
  });

  test('ends with its read: a query that comes too late finds no other tenant', async () => {
    const database = open();
    const late = await database.read(here, async (db) => () => db.selectFrom('command_receipts').selectAll().execute());
    const seen = await database.read(stranger, () => late().catch(() => 'refused'));
    expect(seen).toBe('refused');
  });
});

describe('a read', () => {
  test('refuses every write', async () => {
    const database = open();
    const write = database.read(here, (db) =>
      db.updateTable('variants').set({ name: 'x' }).where('tenant_id', '=', here.tenantId.slice(4)).execute(),
    );
    await expect(write).rejects.toMatchObject({ code: '25006' });
    expect(await typesSeen(database, here)).toEqual(['a.here']);
  });

  test('that fails in the database leaves the next one unharmed', async () => {
    const database = open();
    const broken = database.read(here, (db) =>
      db
        .selectFrom('nothing' as 'variants')
        .selectAll()
        .execute(),
    );
    await expect(broken).rejects.toMatchObject({ code: '42P01' });
    expect(await typesSeen(database, here)).toEqual(['a.here']);
  });

  test('that throws leaves the next one unharmed, and its error is the one that is seen', async () => {
    const database = open();
    const thrown = database.read(here, async (db) => {
      await db.selectFrom('variants').select('id').execute();
      throw new Error('of the caller');
    });
    await expect(thrown).rejects.toThrow('of the caller');
    expect(await typesSeen(database, stranger)).toEqual(['a.stranger']);
  });
});

describe('a connection that comes back', () => {
  test('has lost the settings and cursors of who used it before', async () => {
    const database = open();
    const before = await backendOf(database);
    await database.connection(async (client) => {
      await writeReceipt(client, { scope: here, commandType: 'a.cursor' });
      await client.query('DECLARE kept CURSOR WITH HOLD FOR SELECT * FROM kf.command_receipts');
      await client.query('COMMIT');
      const [tenant, environment] = scopeStatements(here).map((statement) => statement.replace('LOCAL', 'SESSION'));
      await client.query(tenant ?? '');
      await client.query(environment ?? '');
      await client.query("SET SESSION statement_timeout = '0'");
      await client.query('SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY');
      expect((await client.query('select from kf.command_receipts')).rowCount).toBe(2);
      expect((await client.query('FETCH ALL FROM kept')).rowCount).toBe(2);
    });
    expect(await backendOf(database)).toBe(before);
    await database.connection(async (client) => {
      expect((await client.query('select from kf.command_receipts')).rowCount).toBe(0);
      expect((await client.query('select from pg_cursors')).rowCount).toBe(0);
      expect((await client.query('show statement_timeout')).rows).toEqual([{ statement_timeout: '5s' }]);
      expect((await client.query('show transaction_read_only')).rows).toEqual([{ transaction_read_only: 'off' }]);
    });
  });

  test('is in no transaction, also when its borrower forgot to end one', async () => {
    const database = open();
    await database.connection((client) => writeReceipt(client, { scope: here, commandType: 'a.forgotten' }));
    const inside = await database.connection(async (client) => {
      const { rows } = await client.query('select pg_current_xact_id_if_assigned() is not null as inside');
      return rows[0].inside;
    });
    expect(inside).toBe(false);
    expect(await typesSeen(database, here)).not.toContain('a.forgotten');
  });

  test('is another one after it was discarded, and the same one after an ordinary use', async () => {
    const database = open();
    const first = await backendOf(database);
    expect(await backendOf(database)).toBe(first);
    await database.connection(async (_client, discard) => discard());
    expect(await backendOf(database)).not.toBe(first);
  });

  test('after a statement that the server refused is the same one: only a lost connection has to be replaced', async () => {
    const database = open();
    const first = await backendOf(database);
    const refused = database.read(here, (db) =>
      db
        .selectFrom('nothing' as 'variants')
        .selectAll()
        .execute(),
    );
    await expect(refused).rejects.toMatchObject({ code: '42P01' });
    expect(await backendOf(database)).toBe(first);
  });
});

describe('a connection that dies', () => {
  const terminate = (pid: number): Promise<unknown> =>
    withClient(testDatabase.adminUrl, (admin) => admin.query('select pg_terminate_backend($1)', [pid]));

  test('while idle is reported and replaced', async () => {
    const errors: Error[] = [];
    const database = open({ onConnectionError: (error) => errors.push(error) });
    await terminate(await backendOf(database));
    await until(() => database.load().total === 0 && errors.length > 0);
    expect(await typesSeen(database, here)).toContain('a.here');
  });

  test('in the middle of a read fails that read alone', async () => {
    const database = open();
    const killed = database.read(here, async (db) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db);
      await terminate(rows[0]?.pid ?? 0);
      return db.selectFrom('variants').select('id').execute();
    });
    await expect(killed).rejects.toThrow(/terminat|connection/i);
    expect(await typesSeen(database, here)).toContain('a.here');
  });
});

describe('time', () => {
  test('is bounded on the server for statements, locks and idle transactions, and the zone is UTC', async () => {
    const database = open();
    const settings = await database.connection(async (client) => {
      const { rows } = await client.query(`select name, setting from pg_settings where name in ('statement_timeout',
        'lock_timeout', 'idle_in_transaction_session_timeout', 'TimeZone', 'search_path', 'synchronous_commit')`);
      return Object.fromEntries(rows.map((row) => [row.name, row.setting]));
    });
    expect(settings).toEqual({
      statement_timeout: String(limits.statementTimeoutMilliseconds),
      lock_timeout: String(limits.lockTimeoutMilliseconds),
      idle_in_transaction_session_timeout: String(limits.idleInTransactionTimeoutMilliseconds),
      TimeZone: 'UTC',
      search_path: 'kf',
      synchronous_commit: 'on',
    });
  });

  test('runs out for a statement, and the connection goes on', async () => {
    // The query behind the slow one has the same limit, and has to come in under it on a slow machine as well.
    const database = open({ settings: { statement_timeout: '2000' } });
    const slow = database.connection((client) => client.query('select pg_sleep(60)'));
    await expect(slow).rejects.toMatchObject({ code: '57014' });
    expect(await typesSeen(database, here)).toContain('a.here');
  });

  test('runs out for a lock', async () => {
    const database = open({ settings: { lock_timeout: '50' } });
    await withClient(testDatabase.adminUrl, async (holder) => {
      await holder.query('begin');
      await holder.query('lock table kf.command_receipts');
      await expect(typesSeen(database, here)).rejects.toMatchObject({ code: '55P03' });
      await holder.query('rollback');
    });
    expect(await typesSeen(database, here)).toContain('a.here');
  });

  test('is not spent on a server that is not there', async () => {
    const database = open({ url: 'postgresql://kf_command@127.0.0.1:1/nowhere' });
    await expect(typesSeen(database, here)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

test('callers beyond the connections wait in line, and are counted', async () => {
  const database = open();
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = database.connection(() => promise);
  const second = database.connection(async () => 'second');
  await until(() => database.load().waiting === 1);
  expect(database.load()).toEqual({ total: 1, idle: 0, waiting: 1 });
  resolve();
  await first;
  expect(await second).toBe('second');
});

test('the parsers of a database are its own', async () => {
  const pool = new Pool({ connectionString: testDatabase.adminUrl, max: 1 });
  try {
    expect((await pool.query('select 1::bigint as value')).rows).toEqual([{ value: '1' }]);
  } finally {
    await pool.end();
  }
});

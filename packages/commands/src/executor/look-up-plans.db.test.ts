import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { columnsOf, type Database, openDatabase, type TableName, tableOf } from '@karmanflow/schema';
import { createTestDatabase, type TestDatabase } from '@karmanflow/schema/testing';
import type { PoolClient } from 'pg';
import { registry } from '../registry.ts';
import { selectReceiptsById, selectReceiptsByKey, selectRows, type Statement } from './statements.ts';

setDefaultTimeout(90_000);

const scope = [Bun.randomUUIDv7(), Bun.randomUUIDv7()] as const;
/** Enough for a planner that guesses to guess wrong. */
const past = 3_000;

let testDatabase: TestDatabase;
let database: Database;
/** The columns of each index, by its name. */
const indexes = new Map<string, readonly string[]>();

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase({ url: testDatabase.urlFor('kf_command'), applicationName: 'kf-test', connectionsMax: 1 });
  const admin = await testDatabase.admin();
  const { rows } = await admin.query<{ name: string; columns: string[] }>(
    'select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns from pg_index i' +
      ' join pg_class c on c.oid = i.indexrelid join pg_attribute a on a.attrelid = c.oid group by c.relname',
  );
  for (const { name, columns } of rows) indexes.set(name, columns);
  // Autovacuum would bring the statistics that are to be missing here.
  for (const table of ['ingest_claims', 'command_receipts']) {
    await admin.query(`alter table kf.${table} set (autovacuum_enabled = false)`);
  }
  await admin.query('set session_replication_role = replica');
  await admin.query(
    'insert into kf.ingest_claims (tenant_id, environment_id, ingest_source_id, message_key, content_key, body_key,' +
      " message_id, outcome, claimed_at, receipt_id) select $1, $2, $1, md5('m' || n), md5('c' || n), 'b', 'm' || n," +
      " 'PROCESSED', now(), $1 from generate_series(1, $3) n",
    [...scope, past],
  );
  await admin.query(
    'insert into kf.command_receipts (tenant_id, environment_id, id, command_type, status, actor_id,' +
      ' idempotency_key_hash, payload_hash, body, hash, signature, key_id, correlation_id, completed_at)' +
      " select $1, $2, md5('r' || n)::uuid, 'probe', 'SUCCEEDED', $1, sha256(('k' || n)::bytea), h, h, h, h || h, 'key'," +
      " md5('o' || n)::uuid, now() from generate_series(1, $3) n, sha256('') h",
    [...scope, past],
  );
});
afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});

interface PlanNode {
  readonly 'Index Name'?: string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows'?: number;
  readonly 'Actual Loops'?: number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** The nodes of a plan that read a table or an index, by the prepared plan and by one for these values. */
async function readersOf(statement: Statement, literals: readonly string[]): Promise<readonly PlanNode[]> {
  return database.connection(async (client) => {
    const found: PlanNode[] = [];
    for (const mode of ['force_generic_plan', 'force_custom_plan']) {
      await client.query('BEGIN');
      try {
        found.push(...readersIn(await explain(client, { mode, statement, literals })));
      } finally {
        await client.query('ROLLBACK');
        await client.query('DEALLOCATE ALL');
      }
    }
    return found;
  });
}

async function explain(
  client: PoolClient,
  { mode, statement, literals }: { mode: string; statement: Statement; literals: readonly string[] },
): Promise<PlanNode> {
  await client.query(`SET LOCAL kf.tenant_id = '${scope[0]}'`);
  await client.query(`SET LOCAL kf.environment_id = '${scope[1]}'`);
  await client.query(`SET LOCAL plan_cache_mode = ${mode}`);
  await client.query(`PREPARE looking AS ${statement.text}`);
  const parameters = [`'${scope[0]}'`, `'${scope[1]}'`, ...literals].join(', ');
  const { rows } = await client.query(`EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE looking(${parameters})`);
  // The one row of EXPLAIN in this format.
  return (rows as [{ 'QUERY PLAN': [{ Plan: PlanNode }] }])[0]['QUERY PLAN'][0].Plan;
}

function readersIn(node: PlanNode): PlanNode[] {
  const here = node['Index Name'] !== undefined || node['Relation Name'] !== undefined ? [node] : [];
  return [...here, ...(node.Plans ?? []).flatMap(readersIn)];
}

/** Whether the index leads to the rows by all columns, without a gap before the last of them. */
function leads(index: string | undefined, where: readonly string[]): boolean {
  const known = new Set(['tenant_id', 'environment_id', ...where]);
  const columns = indexes.get(index ?? '') ?? [];
  const end = columns.findIndex((column) => !known.has(column));
  const leading = end < 0 ? columns : columns.slice(0, end);
  return where.every((column) => leading.includes(column));
}

const emptyLists = (table: TableName, where: readonly string[]): string[] =>
  where.map((column) => `'{}'::${columnsOf(table)[column]?.type ?? 'text'}[]`);

const uniqueKeys = [...registry.entities.values()].flatMap(({ table, locked }) => {
  const { key, unique = [] } = tableOf(table);
  const keys = [key, ...unique.map(({ columns }) => columns)].filter((columns) => columns.length > 0);
  return keys.map((where) => ({ table, where, locked }));
});

/** Look-ups of several rows that commands make on tables that grow. */
const shared: readonly { table: TableName; where: readonly string[]; locked: boolean }[] = [
  { table: 'allocations', where: ['reservation_id'], locked: true },
  { table: 'approval_votes', where: ['approval_id'], locked: false },
  { table: 'channel_locations', where: ['sales_channel_id'], locked: false },
  { table: 'oversell_revisions', where: ['scope_key'], locked: false },
  { table: 'role_grants', where: ['principal_id'], locked: true },
  { table: 'stock_movements', where: ['event_id'], locked: false },
];

describe('without statistics', () => {
  test('every look-up by a unique key goes through an index of the whole key', async () => {
    expect(uniqueKeys.length).toBeGreaterThan(30);
    for (const { table, where, locked } of [...uniqueKeys, ...shared]) {
      const statement = selectRows({ table, where, locked, scope, tuples: [] });
      const readers = await readersOf(statement, emptyLists(table, where));
      expect(readers).toHaveLength(2);
      for (const { 'Index Name': index } of readers)
        expect([statement.name, index, leads(index, where)]).toEqual([statement.name, index, true]);
    }
  });

  const claimsBy = (column: string): Statement =>
    selectRows({ table: 'ingest_claims', where: ['ingest_source_id', column], locked: false, scope, tuples: [] });
  /** Two keys that are there, and one that is not. */
  const numbers = [7, 8, past + 1];
  const list = (type: string, values: readonly string[]): string => `'{${values.join(',')}}'::${type}[]`;
  const md5 = (letter: string): string[] =>
    numbers.map((n) => new Bun.CryptoHasher('md5').update(`${letter}${n}`).digest('hex'));
  const sha256 = numbers.map((n) => `\\\\x${new Bun.CryptoHasher('sha256').update(`k${n}`).digest('hex')}`);
  const sources = list(
    'uuid',
    numbers.map(() => scope[0]),
  );

  test.each([
    {
      what: 'a claim by its message',
      statement: claimsBy('message_key'),
      where: ['ingest_source_id', 'message_key'],
      literals: [sources, list('text', md5('m'))],
    },
    {
      what: 'a claim by its content',
      statement: claimsBy('content_key'),
      where: ['ingest_source_id', 'content_key'],
      literals: [sources, list('text', md5('c'))],
    },
    {
      what: 'a receipt by its id',
      statement: selectReceiptsById(scope, []),
      where: ['id'],
      literals: [list('uuid', md5('r'))],
    },
    {
      what: 'a receipt by its key',
      statement: selectReceiptsByKey(scope, []),
      where: ['command_type', 'idempotency_key_hash'],
      literals: [
        list(
          'text',
          numbers.map(() => 'probe'),
        ),
        list('bytea', sha256),
      ],
    },
  ])('$what is one row to read, of thousands', async ({ statement, where, literals }) => {
    const readers = await readersOf(statement, literals);
    expect(readers).toHaveLength(2);
    for (const { 'Index Name': index, 'Actual Rows': rows = 0, 'Actual Loops': loops = 0, ...rest } of readers) {
      expect([index, leads(index, where)]).toEqual([index, true]);
      expect(loops).toBe(numbers.length);
      // Postgres before 18 rounds the mean of the three up.
      expect([2, 3]).toContain(Math.round(rows * loops));
      expect(rest['Rows Removed by Filter'] ?? 0).toBe(0);
    }
  });
});

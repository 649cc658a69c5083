import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'bun:test';
import type { Client } from 'pg';
import { openDatabase } from '../database/open-database.ts';
import { createTestDatabase, type TestDatabase } from '../testing/index.ts';
import type { SqlType } from './definition.ts';
import { columnsOf, type DatabaseTables, type Row, tableNames } from './registry.ts';

let testDatabase: TestDatabase;
let admin: Client;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  admin = await testDatabase.admin();
});
afterAll(() => testDatabase.drop());

interface CatalogueColumn {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly identity: boolean;
}

async function catalogueColumns(): Promise<CatalogueColumn[]> {
  const { rows } = await admin.query<CatalogueColumn>(`
    select c.table_name as table, c.column_name as column,
      case c.data_type when 'timestamp with time zone' then 'timestamptz' when 'ARRAY' then substr(c.udt_name, 2) || '[]'
        else c.data_type end as type,
      c.is_nullable = 'YES' as nullable, c.is_identity = 'YES' as identity
    from information_schema.columns c where c.table_schema = 'kf' order by c.table_name, c.ordinal_position`);
  return rows;
}

describe('the registry and the database', () => {
  test('have the same tables', async () => {
    const tables = new Set((await catalogueColumns()).map((row) => row.table));
    expect([...tables].toSorted()).toEqual(tableNames.toSorted());
  });

  test.each(tableNames.map((name) => [name] as const))('agree on every column of %s', async (name) => {
    const actual = (await catalogueColumns()).filter((row) => row.table === name);
    const declared = Object.entries(columnsOf(name)).map(([column, { type, nullable, identity }]) => ({
      table: name,
      column,
      type,
      nullable,
      identity: identity === true,
    }));
    expect(declared.length).toBeGreaterThan(2);
    // A later migration can only add columns at the end of a table, so their order means nothing.
    const byName = (one: { column: string }, other: { column: string }) => (one.column < other.column ? -1 : 1);
    expect(actual.toSorted(byName)).toEqual(declared.toSorted(byName));
  });
});

/** One value of each type of the registry, as SQL, and what a query must give for it. */
const samples = {
  uuid: ["'018f4a5c-7b2e-7def-8123-456789abcdef'::uuid", '018f4a5c-7b2e-7def-8123-456789abcdef'],
  text: ["'ä'::text", 'ä'],
  bigint: ['9007199254740991::bigint', 9_007_199_254_740_991],
  integer: ['7::integer', 7],
  boolean: ['true', true],
  timestamptz: ["'2026-03-29 03:30:00.1239+02'::timestamptz", '2026-03-29T01:30:00.123Z'],
  bytea: ["'\\x00ff'::bytea", Buffer.from([0, 255])],
  jsonb: [`'{"a": [1]}'::jsonb`, { a: [1] }],
  'text[]': ["array['a', null, 'c,d']::text[]", ['a', null, 'c,d']],
  'uuid[]': ["array['018f4a5c-7b2e-7def-8123-456789abcdef']::uuid[]", ['018f4a5c-7b2e-7def-8123-456789abcdef']],
  xid8: ["'18446744073709551615'::xid8", '18446744073709551615'],
} satisfies Record<SqlType, readonly [string, unknown]>;

describe('the values of a row', () => {
  test.each(Object.entries(samples))('of type %s are what the types say', async (_type, [sql, expected]) => {
    const database = openDatabase({
      url: testDatabase.urlFor('kf_read'),
      applicationName: 'kf-test',
      connectionsMax: 1,
    });
    try {
      const rows = await database.connection(async (client) => (await client.query(`select ${sql} as value`)).rows);
      expect(rows).toEqual([{ value: expected }]);
    } finally {
      await database.close();
    }
  });

  test('follow from the columns, null included', () => {
    expectTypeOf<Row<'api_keys'>['scopes']>().toEqualTypeOf<string[]>();
    expectTypeOf<Row<'api_keys'>['secret_hash']>().toEqualTypeOf<Uint8Array>();
    expectTypeOf<Row<'api_keys'>['revoked_at']>().toEqualTypeOf<string | null>();
    expectTypeOf<Row<'inventory_levels'>['on_hand']>().toEqualTypeOf<number>();
    expectTypeOf<Row<'inventory_levels'>['version']>().toEqualTypeOf<number>();
    expectTypeOf<Row<'domain_events'>['written_in']>().toEqualTypeOf<string>();
    expectTypeOf<keyof Row<'expiry_schedule'>>().toEqualTypeOf<'tenant_id' | 'environment_id' | 'due_at'>();
    expectTypeOf<keyof DatabaseTables>().toEqualTypeOf<(typeof tableNames)[number]>();
    expect(Object.keys(columnsOf('expiry_schedule'))).toEqual(['tenant_id', 'environment_id', 'due_at']);
  });
});

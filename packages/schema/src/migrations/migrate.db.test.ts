import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { createEmptyDatabase, createTestDatabase, type TestDatabase, withClient } from '../testing/index.ts';
import { describeSchema, migrate, migrations, prepareDatabase } from './index.ts';

const committed = readFileSync(new URL('../../schema.sql', import.meta.url), 'utf8');

describe('migrations', () => {
  let empty: TestDatabase;
  beforeAll(async () => {
    empty = await createEmptyDatabase();
    await withClient(empty.adminUrl, prepareDatabase);
  });
  afterAll(() => empty.drop());

  test('from nothing they make the committed schema.sql, and a second run changes nothing', async () => {
    await withClient(empty.adminUrl, async (admin) => {
      const first = await migrate(admin);
      expect(first.applied).toEqual(migrations.map((migration) => migration.name));
      const described = await describeSchema(admin);
      expect(described.length).toBeGreaterThan(10_000);
      if (process.env['KF_WRITE_SCHEMA'] === '1')
        await Bun.write(new URL('../../schema.sql', import.meta.url), described);
      else expect(described).toBe(committed);
      const second = await migrate(admin);
      expect(second).toEqual({ applied: [], alreadyThere: first.applied });
      expect(await describeSchema(admin)).toBe(described);
    });
  });

  test('an applied migration that was edited is refused', async () => {
    await withClient(empty.adminUrl, async (admin) => {
      const edited = migrations.map((migration) => ({ ...migration, sql: `${migration.sql}\n-- edited` }));
      await expect(migrate(admin, edited)).rejects.toThrow('never edited');
    });
  });

  test('a migration that fails leaves nothing behind, and the next try succeeds', async () => {
    await withClient(empty.adminUrl, async (admin) => {
      const before = await describeSchema(admin);
      const broken = [...migrations, { name: '9998-broken', sql: 'create table kf.half (id int); select 1/0;' }];
      await expect(migrate(admin, broken)).rejects.toThrow('division by zero');
      expect(await describeSchema(admin)).toBe(before);
      expect((await migrate(admin, migrations)).applied).toEqual([]);
    });
  });

  test('two migrators at once apply each migration once', async () => {
    const database = await createEmptyDatabase();
    try {
      await withClient(database.adminUrl, prepareDatabase);
      const reports = await Promise.all([1, 2].map(() => withClient(database.adminUrl, (admin) => migrate(admin))));
      expect(reports.flatMap((report) => report.applied)).toEqual(migrations.map((migration) => migration.name));
    } finally {
      await database.drop();
    }
  });

  test('waiting for a lock gives up instead of queueing the service behind it', async () => {
    const database = await createTestDatabase();
    try {
      await withClient(database.adminUrl, async (holder) => {
        await holder.query('begin');
        await holder.query('lock table kf.variants in access share mode');
        await withClient(database.adminUrl, async (admin) => {
          const blocked = [
            ...migrations,
            { name: '9999-blocked', sql: 'alter table kf.variants add column extra text' },
          ];
          await expect(migrate(admin, blocked)).rejects.toThrow('lock timeout');
        });
        await holder.query('rollback');
      });
    } finally {
      await database.drop();
    }
  }, 90_000);
});

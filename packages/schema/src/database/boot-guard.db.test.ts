import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import type { Client } from 'pg';
import { latestMigration } from '../migrations/index.ts';
import { type RuntimeRole, runtimeRoles } from '../tables/definition.ts';
import { createTestDatabase, type TestDatabase, urlOf, withClient } from '../testing/index.ts';
import { type BootExpectation, checkBoot } from './boot-guard.ts';

let testDatabase: TestDatabase;
let admin: Client;
/** Roles belong to the whole cluster, so the ones made here have names of their own and go away again. */
const suffix = randomBytes(4).toString('hex');
const password = randomBytes(12).toString('hex');

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  admin = await testDatabase.admin();
});
afterAll(() => testDatabase.drop());

interface Found {
  readonly fatal: readonly string[];
  readonly caution: readonly string[];
}

async function findings(options: { url: string } & Partial<BootExpectation>): Promise<Found> {
  const { url, role = 'kf_command', migration = latestMigration } = options;
  const found = await withClient(url, (client) => checkBoot(client, { role, migration }));
  for (const { detail } of found) expect(detail.length).toBeGreaterThan(10);
  const codes = (severity: string): string[] => found.filter((one) => one.severity === severity).map((one) => one.code);
  // Which minor version the cluster has is not this test's business; that one is looked at below.
  return { fatal: codes('fatal'), caution: codes('caution').filter((code) => code !== 'server_outdated') };
}

/** Runs `work` with a role that may log in, made by `sql`; `$role` stands for its name. */
async function withRole(sql: readonly string[], work: (url: string) => Promise<void>): Promise<void> {
  const role = `probe_${suffix}`;
  const fill = (statement: string): string => statement.replaceAll('$role', role);
  await admin.query(`CREATE ROLE ${role} LOGIN NOINHERIT PASSWORD '${password}'`);
  try {
    await admin.query(`GRANT CONNECT ON DATABASE ${testDatabase.name} TO ${role}`);
    await admin.query(`GRANT USAGE ON SCHEMA kf TO ${role}`);
    await admin.query(`GRANT SELECT ON ALL TABLES IN SCHEMA kf TO ${role}`);
    for (const statement of sql) await admin.query(fill(statement));
    await work(urlOf(testDatabase.adminUrl, { user: role, password }));
  } finally {
    await admin.query(`DROP OWNED BY ${role}`);
    await admin.query(`DROP ROLE ${role}`);
  }
}

describe('the boot guard', () => {
  test.each(runtimeRoles.map((role) => [role] as const))('lets %s pass as it is provisioned', async (role) => {
    expect(await findings({ url: testDatabase.urlFor(role), role })).toEqual({ fatal: [], caution: [] });
  });

  test('refuses a superuser', async () => {
    const { fatal } = await findings({ url: testDatabase.adminUrl });
    expect(fatal).toContain('role_unexpected');
    expect(fatal.filter((code) => code === 'role_privileged').length).toBeGreaterThan(1);
  });

  test('refuses the wrong role, however harmless', async () => {
    const { fatal } = await findings({ url: testDatabase.urlFor('kf_read'), role: 'kf_command' });
    expect(fatal).toEqual(['role_unexpected']);
  });

  test.each([
    ['BYPASSRLS', 'role_privileged'],
    ['CREATEROLE', 'role_privileged'],
    ['CREATEDB', 'role_privileged'],
    ['REPLICATION', 'role_privileged'],
  ])('refuses a role with %s', async (attribute, code) => {
    await withRole([`ALTER ROLE $role ${attribute}`], async (url) => {
      expect((await findings({ url })).fatal).toEqual(['role_unexpected', code]);
    });
  });

  test.each(['kf_read', 'kf_owner', 'pg_read_all_data'])('refuses a member of %s, inherited or not', async (group) => {
    await withRole([`GRANT ${group} TO $role`], async (url) => {
      expect((await findings({ url })).fatal).toEqual(['role_unexpected', 'role_member']);
    });
  });

  test('refuses a role that owns something', async () => {
    await withRole(['CREATE SCHEMA mine AUTHORIZATION $role'], async (url) => {
      expect((await findings({ url })).fatal).toEqual(['role_unexpected', 'role_owner']);
    });
  });

  test.each(['CREATE', 'TEMPORARY'])('refuses a role with the privilege %s on the database', async (privilege) => {
    await withRole([`GRANT ${privilege} ON DATABASE ${testDatabase.name} TO $role`], async (url) => {
      expect((await findings({ url })).fatal).toEqual(['role_unexpected', 'role_creates']);
    });
  });

  test('refuses a session that only acts as the role', async () => {
    await withClient(testDatabase.adminUrl, async (client) => {
      await client.query('SET ROLE kf_command');
      const found = await checkBoot(client, { role: 'kf_command', migration: latestMigration });
      expect(found.filter((one) => one.severity === 'fatal').map((one) => one.code)).toEqual(['role_unexpected']);
    });
  });

  test('is cautious where set_config can be called', async () => {
    const grant = 'EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean)';
    await admin.query(`GRANT ${grant} TO kf_command`);
    try {
      expect(await findings({ url: testDatabase.urlFor('kf_command') })).toEqual({
        fatal: [],
        caution: ['set_config_allowed'],
      });
    } finally {
      await admin.query(`REVOKE ${grant} FROM kf_command`);
    }
  });

  test('is cautious where commits are not durable', async () => {
    const url = new URL(testDatabase.urlFor('kf_command'));
    url.searchParams.set('options', '-c synchronous_commit=off');
    expect(await findings({ url: url.href })).toEqual({ fatal: [], caution: ['commits_not_durable'] });
  });

  test('refuses a schema that is older than the build, or absent, and takes one that is newer', async () => {
    const url = testDatabase.urlFor('kf_command');
    expect((await findings({ url, migration: '9999-not-yet' })).fatal).toEqual(['schema_outdated']);
    expect((await findings({ url, migration: '0000-long-ago' })).fatal).toEqual([]);
    for (const comment of ["'0000-older'", 'NULL']) {
      await admin.query(`COMMENT ON SCHEMA kf IS ${comment}`);
      expect((await findings({ url })).fatal).toEqual(['schema_outdated']);
    }
    await admin.query(`COMMENT ON SCHEMA kf IS '${latestMigration}'`);
    expect((await findings({ url })).fatal).toEqual([]);
    const elsewhere = urlOf(testDatabase.adminUrl, { database: 'postgres' });
    expect((await findings({ url: elsewhere })).fatal).toContain('schema_outdated');
  });

  test.each(['kf_command', 'kf_read', 'kf_ingest', 'kf_worker', 'kf_sequencer'] satisfies RuntimeRole[])(
    'refuses %s when a table shows it rows without a context',
    async (role) => {
      await admin.query(`insert into kf.command_receipts (tenant_id, environment_id, id, command_type, status, actor_id,
        payload_hash, body, hash, signature, key_id, correlation_id, completed_at)
        select gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'a.b', 'DENIED', gen_random_uuid(),
        sha256(''), '', sha256(''), sha256('') || sha256(''), 'key', gen_random_uuid(), now()`);
      expect((await findings({ url: testDatabase.urlFor(role), role })).fatal).toEqual([]);
      await admin.query('ALTER TABLE kf.command_receipts DISABLE ROW LEVEL SECURITY');
      try {
        expect((await findings({ url: testDatabase.urlFor(role), role })).fatal).toEqual(['rows_without_context']);
      } finally {
        await admin.query('ALTER TABLE kf.command_receipts ENABLE ROW LEVEL SECURITY');
      }
    },
  );

  test('lets the sequencer see positions of every tenant, and nobody else', async () => {
    await admin.query(`insert into kf.log_leaves (tenant_id, environment_id, command_receipt_id, leaf_index, leaf_hash)
      select gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 0, sha256('')`);
    const seen = (role: RuntimeRole) =>
      withClient(
        testDatabase.urlFor(role),
        async (client) => (await client.query('select from kf.log_leaves')).rowCount,
      );
    expect({ sequencer: await seen('kf_sequencer'), reader: await seen('kf_read') }).toEqual({
      sequencer: 1,
      reader: 0,
    });
    const check = (role: RuntimeRole) => findings({ url: testDatabase.urlFor(role), role });
    expect((await check('kf_sequencer')).fatal).toEqual([]);
    await admin.query('ALTER POLICY overview_select ON kf.log_leaves TO PUBLIC');
    try {
      expect((await check('kf_read')).fatal).toEqual(['rows_without_context']);
    } finally {
      await admin.query('ALTER POLICY overview_select ON kf.log_leaves TO kf_sequencer');
    }
  });

  test('says so when the server lacks security fixes, and knows nothing of versions beyond its list', async () => {
    const version = Number((await admin.query("select current_setting('server_version_num') as v")).rows[0].v);
    const found = await withClient(testDatabase.urlFor('kf_command'), (client) =>
      checkBoot(client, { role: 'kf_command', migration: latestMigration }),
    );
    const floors: Record<number, number> = { 16: 160_015, 17: 170_011, 18: 180_006 };
    const isOutdated = version < (floors[Math.floor(version / 10_000)] ?? Number.POSITIVE_INFINITY);
    expect(found.map((one) => one.code)).toEqual(isOutdated ? ['server_outdated'] : []);
  });
});

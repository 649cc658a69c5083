import { ownerRole, type RuntimeRole, runtimeRoles, type TableName } from '@karmanflow/schema';
import type { Check } from '../harness/check.ts';
import { sabotage } from '../harness/sabotage.ts';
import { asAdministrator, asRole, type Session } from '../harness/session.ts';
import { qualified } from '../world/statements.ts';
import { homeOf } from '../world/world.ts';
import { accessOf } from './access.ts';
import { type Attack, attackCheck } from './attack-check.ts';
import { liveReferences } from './live-references.ts';

const denied = '42501';

/** Cases 55 and 58 to 61: what a role could try to become, to create or to reach outside the database. */
function escapesOf(role: RuntimeRole, administrator: string): readonly [caseName: string, sql: string][] {
  const others = [...runtimeRoles, ownerRole, administrator, 'pg_read_all_data', 'pg_write_all_data'].filter(
    (name) => name !== role,
  );
  return [
    ...others.map((name): [string, string] => ['55 SET ROLE', `SET LOCAL ROLE "${name}"`]),
    ...others.map((name): [string, string] => [
      '55 SET SESSION AUTHORIZATION',
      `SET LOCAL SESSION AUTHORIZATION "${name}"`,
    ]),
    ['58 session_replication_role', 'SET LOCAL session_replication_role = replica'],
    ['59 temporary objects', 'CREATE TEMPORARY TABLE mine (id int)'],
    ['59 temporary objects', "CREATE FUNCTION pg_temp.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'"],
    ['60 CREATE', 'CREATE TABLE kf.mine (id int)'],
    ['60 CREATE', 'CREATE TABLE public.mine (id int)'],
    ['60 CREATE', 'CREATE VIEW kf.mine AS SELECT 1'],
    ['60 CREATE', "CREATE FUNCTION kf.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'"],
    ['60 CREATE', 'CREATE SCHEMA mine'],
    ['60 CREATE', 'CREATE ROLE mine'],
    ['60 bookkeeping', 'SELECT FROM kf_migrations.applied'],
    ['61 files and programs', "SELECT pg_read_file('PG_VERSION')"],
    ['61 files and programs', "SELECT pg_ls_dir('.')"],
    ['61 files and programs', "COPY (SELECT 1) TO '/dev/null'"],
    ['61 files and programs', "COPY (SELECT 1) TO PROGRAM 'true'"],
    ['61 files and programs', "SELECT lo_import('/dev/null')"],
    ['61 files and programs', "SELECT pg_create_physical_replication_slot('mine')"],
  ];
}

/** Case 57: changing the guard itself. */
const guardChanges = (table: TableName): readonly string[] => [
  `ALTER TABLE ${qualified(table)} DISABLE ROW LEVEL SECURITY`,
  `ALTER TABLE ${qualified(table)} NO FORCE ROW LEVEL SECURITY`,
  `ALTER TABLE ${qualified(table)} DISABLE TRIGGER ALL`,
  `ALTER TABLE ${qualified(table)} OWNER TO CURRENT_USER`,
  `CREATE POLICY mine ON ${qualified(table)} USING (true)`,
  `DROP POLICY scope_select ON ${qualified(table)}`,
  `ALTER POLICY scope_select ON ${qualified(table)} USING (true)`,
  `DROP TABLE ${qualified(table)}`,
];

async function escape({ target, world, expect, tables }: Attack, administrator: string): Promise<void> {
  for (const role of runtimeRoles) {
    await asRole(target, role, async (session) => {
      for (const [caseName, sql] of escapesOf(role, administrator)) {
        expect.refused({ caseName, where: `${role}: ${sql}` }, await session.probe(sql), denied);
      }
      await session.perform('RESET ROLE');
      const who = await session.probe(`SELECT WHERE current_user = '${role}' AND session_user = '${role}'`);
      expect.rowCount({ caseName: '55 RESET ROLE', where: role }, who, 1);
      for (const table of tables) {
        await session.enter(homeOf(world, table));
        for (const sql of guardChanges(table)) {
          expect.refused(
            { caseName: '57 changing the guard', where: `${role}: ${sql}` },
            await session.probe(sql),
            denied,
          );
        }
      }
    });
  }
}

/** Cases 56 and 63: asking for rows without row security is an error, never a way past it; pg_dump starts like this. */
async function switchRowSecurityOff({ target, world, expect, tables }: Attack): Promise<void> {
  for (const role of runtimeRoles) {
    await asRole(target, role, async (session) => {
      const opening = await session.probe("SELECT pg_catalog.set_config('search_path', '', false)");
      expect.refused({ caseName: '63 pg_dump', where: role }, opening, denied);
      await session.perform('SET LOCAL row_security = off');
      for (const table of tables) {
        const { reads, drains } = accessOf(role, table);
        if (!reads || drains) continue;
        await session.enter(homeOf(world, table));
        const where = `${table} as ${role}`;
        expect.refused(
          { caseName: '56 row_security off', where },
          await session.probe(`SELECT FROM ${qualified(table)}`),
          denied,
        );
        expect.refused(
          { caseName: '63 pg_dump', where },
          await session.probe(`COPY ${qualified(table)} TO STDOUT`),
          denied,
        );
      }
    });
  }
}

const asOwner = { name: ownerRole, settings: [`SET LOCAL ROLE ${ownerRole}`] };

/** Cases 64 and 67: the owner is bound as well, and its migrations fail loudly instead of seeing nothing. */
async function bindTheOwner(attack: Attack): Promise<void> {
  const { target, world, expect, tables } = attack;
  await asAdministrator(target, asOwner, async (session) => {
    for (const table of tables) {
      expect.rowCount(
        { caseName: '64 owner without context', where: table },
        await session.probe(`SELECT FROM ${qualified(table)}`),
        0,
      );
    }
    await session.enter(world.here);
    const own = await session.probe(`SELECT tenant_id, environment_id FROM ${qualified('variants')}`);
    expect.onlyRowsOf({ caseName: '64 control: owner in a context', where: 'variants' }, own, world.here);
  });
  const references = await liveReferences(attack);
  await asAdministrator(
    target,
    { ...asOwner, settings: [...asOwner.settings, 'SET LOCAL row_security = off'] },
    async (session) => {
      for (const { table, columns, targetTable, targetColumns, name } of references) {
        const add = `ALTER TABLE ${qualified(table)} ADD CONSTRAINT probe FOREIGN KEY (${columns.join(', ')})
        REFERENCES ${qualified(targetTable)} (${targetColumns.join(', ')})`;
        expect.refused({ caseName: '67 blind validation by the owner', where: name }, await session.probe(add), denied);
      }
    },
  );
}

/** Case 69: a table that nobody has granted yet is out of reach of every role. Needs a superuser, who may act as them. */
async function makeFreshTable({ target, expect }: Attack): Promise<void> {
  await asAdministrator(target, asOwner, async (session) => {
    await session.perform('CREATE TABLE kf.fresh (tenant_id uuid, environment_id uuid)');
    for (const role of runtimeRoles) {
      await session.perform('RESET ROLE');
      await session.perform(`SET LOCAL ROLE ${role}`);
      for (const sql of ['SELECT FROM kf.fresh', 'INSERT INTO kf.fresh VALUES (null, null)']) {
        expect.refused({ caseName: '69 a table without grants', where: role }, await session.probe(sql), denied);
      }
    }
  });
}

async function administratorOf(session: Session): Promise<{ name: string; isSuperuser: boolean }> {
  const { rows } = await session.probe(
    'SELECT rolname::text AS name, rolsuper AS super FROM pg_roles WHERE rolname = session_user',
  );
  return { name: String(rows[0]?.['name']), isSuperuser: rows[0]?.['super'] === true };
}

export const privilegeAttacks: Check = attackCheck({
  id: 'tenancy.privileges-closed',
  claim:
    'No runtime role can become another, change the guard, create anything, or reach files; row security binds the owner too.',
  mechanism: 'roles without attributes, membership or ownership; FORCE; attack cases 55 to 61, 63, 64, 67 and 69',
  administrator: true,
  cases: [
    '55 SET ROLE',
    '55 SET SESSION AUTHORIZATION',
    '55 RESET ROLE',
    '56 row_security off',
    '57 changing the guard',
    '58 session_replication_role',
    '59 temporary objects',
    '60 CREATE',
    '60 bookkeeping',
    '61 files and programs',
    '63 pg_dump',
    '64 owner without context',
    '64 control: owner in a context',
    '67 blind validation by the owner',
  ],
  async run(attack) {
    const administrator = await asAdministrator(
      attack.target,
      { name: 'administrator', settings: [] },
      administratorOf,
    );
    await escape(attack, administrator.name);
    await switchRowSecurityOff(attack);
    await bindTheOwner(attack);
    if (administrator.isSuperuser) await makeFreshTable(attack);
    else attack.evidence.note('69 a table without grants: not tried, the administrator is no superuser');
  },
  saboteurs: [
    sabotage(
      { name: 'a role may create in the schema', mentions: '60 CREATE, kf_command', tables: ['variants'] },
      'GRANT CREATE ON SCHEMA kf TO kf_command',
    ),
    sabotage(
      { name: 'a role may make temporary tables', mentions: '59 temporary objects, kf_read', tables: ['variants'] },
      "DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO kf_read', current_database()); END $$",
    ),
    sabotage(
      { name: 'files are readable', mentions: '61 files and programs, kf_command', tables: ['variants'] },
      'GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_file(text) TO kf_command',
    ),
    sabotage(
      { name: 'a role owns a table', mentions: '57 changing the guard, kf_command', tables: ['variants'] },
      'ALTER TABLE kf.variants OWNER TO kf_command',
    ),
    sabotage(
      {
        name: 'row security does not bind the owner',
        mentions: '64 owner without context, variants',
        tables: ['variants'],
      },
      'ALTER TABLE kf.variants NO FORCE ROW LEVEL SECURITY',
    ),
    sabotage(
      { name: 'set_config is open to everyone', mentions: '63 pg_dump', tables: ['variants'] },
      'GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) TO PUBLIC',
    ),
    sabotage(
      {
        name: 'new tables are readable by default',
        mentions: '69 a table without grants, kf_read',
        tables: ['variants'],
      },
      'ALTER DEFAULT PRIVILEGES FOR ROLE kf_owner IN SCHEMA kf GRANT SELECT ON TABLES TO kf_read',
    ),
    sabotage(
      { name: 'a role sees the bookkeeping', mentions: '60 bookkeeping', tables: ['variants'] },
      'GRANT USAGE ON SCHEMA kf_migrations TO kf_read',
      'GRANT SELECT ON kf_migrations.applied TO kf_read',
    ),
  ],
});

import type { Check } from '../harness/check.ts';
import { sabotage } from '../harness/sabotage.ts';
import { asRole, type Outcome, type PlaceIds, refusedWith, type Session, succeeded } from '../harness/session.ts';
import { qualified } from '../world/statements.ts';
import { type Attack, attackCheck } from './attack-check.ts';

const role = 'kf_command';
/** The table that contexts are tried on; the cases about every table are elsewhere. */
const table = qualified('variants');
const scopes = `SELECT tenant_id, environment_id FROM ${table}`;

/** Cases 43 to 45, 47 and 48: what the end of a context leaves behind on the same connection. */
async function contextsEnd({ target, world, expect }: Attack): Promise<void> {
  const [tenant, environment] = [
    `SET LOCAL kf.tenant_id = '${world.here.tenantId}'`,
    `SET LOCAL kf.environment_id = '${world.here.environmentId}'`,
  ];
  await target.as(role, async (client) => {
    const see = async (): Promise<Outcome> => client.query(scopes).then(succeeded, refusedWith);
    await client.query(tenant);
    await client.query(environment);
    expect.rowCount({ caseName: '43 SET LOCAL outside a transaction', where: role }, await see(), 0);

    await client.query('BEGIN');
    await client.query(tenant);
    await client.query(environment);
    expect.onlyRowsOf({ caseName: '47 control inside the transaction', where: role }, await see(), world.here);
    await client.query('SELECT 1 / 0').catch(refusedWith);
    await client.query('ROLLBACK');
    expect.rowCount({ caseName: '47 after an error', where: role }, await see(), 0);

    await client.query('BEGIN');
    await client.query(tenant);
    await client.query(environment);
    await client.query("SET LOCAL statement_timeout = '20ms'");
    const timedOut = await client.query('SELECT pg_sleep(1)').then(succeeded, refusedWith);
    expect.refused({ caseName: '48 after a timeout', where: 'pg_sleep' }, timedOut, '57014');
    await client.query('ROLLBACK');
    expect.rowCount({ caseName: '48 after a timeout', where: role }, await see(), 0);
  });
}

async function savepoints({ target, world, expect }: Attack): Promise<void> {
  await asRole(target, role, async (session) => {
    await session.enter(world.here);
    await session.perform('SAVEPOINT inner_scope');
    await session.enter(world.stranger);
    expect.onlyRowsOf({ caseName: '44 savepoint', where: 'inside' }, await session.probe(scopes), world.stranger);
    await session.perform('ROLLBACK TO SAVEPOINT inner_scope');
    expect.onlyRowsOf({ caseName: '44 savepoint', where: 'after' }, await session.probe(scopes), world.here);
  });
}

/** Case 45: a plan made for one tenant runs for another. Six executions reach the generic plan. */
async function preparedStatements({ target, world, expect }: Attack): Promise<void> {
  await target.as(role, async (client) => {
    const within = async (place: PlaceIds, work: () => Promise<void>): Promise<void> => {
      await client.query('BEGIN');
      await client.query(`SET LOCAL kf.tenant_id = '${place.tenantId}'`);
      await client.query(`SET LOCAL kf.environment_id = '${place.environmentId}'`);
      await work();
      await client.query('ROLLBACK');
    };
    const run = async (): Promise<Outcome> => client.query('EXECUTE everyone').then(succeeded, refusedWith);
    const named = async (): Promise<Outcome> =>
      client.query({ name: 'everyone_named', text: scopes }).then(succeeded, refusedWith);
    await client.query(`PREPARE everyone AS ${scopes}`);
    for (const place of [world.here, world.stranger, world.sibling]) {
      await within(place, async () => {
        for (let time = 0; time < 6; time += 1) {
          expect.onlyRowsOf({ caseName: '45 prepared statement', where: 'PREPARE' }, await run(), place);
          expect.onlyRowsOf({ caseName: '45 prepared statement', where: 'named' }, await named(), place);
        }
      });
    }
    await client.query('DEALLOCATE ALL');
  });
}

/** Cases 49 to 52: an expression that A can inject must not reach B's context. */
async function forgeInsideExpressions({ target, world, expect }: Attack): Promise<void> {
  const b = world.stranger;
  const forge = `set_config('kf.tenant_id', '${b.tenantId}', true), set_config('kf.environment_id', '${b.environmentId}', true)`;
  const attempts: [caseName: string, sql: string, sqlState: string][] = [
    ['49 set_config', `SELECT ${forge}`, '42501'],
    ['49 set_config', `SELECT tenant_id FROM ${table} WHERE (SELECT (${forge}) IS NOT NULL)`, '42501'],
    ['49 set_config', `WITH f AS MATERIALIZED (SELECT ${forge}) SELECT v.tenant_id FROM f, ${table} v`, '42501'],
    [
      '49 set_config',
      `SELECT l.tenant_id FROM (SELECT ${forge}) f CROSS JOIN LATERAL (SELECT * FROM ${table}) l`,
      '42501',
    ],
    [
      '49 set_config',
      `SELECT tenant_id FROM ${table} UNION ALL SELECT l.tenant_id FROM (SELECT ${forge}) f CROSS JOIN LATERAL (SELECT * FROM ${table}) l`,
      '42501',
    ],
    ['50 UPDATE pg_settings', `UPDATE pg_settings SET setting = '${b.tenantId}' WHERE name = 'kf.tenant_id'`, '42501'],
    [
      '51 SET through query_to_xml',
      `SELECT query_to_xml('SET LOCAL kf.tenant_id = ''${b.tenantId}''', true, false, '')`,
      '0A000',
    ],
    [
      '51 set_config through query_to_xml',
      `SELECT query_to_xml('SELECT set_config(''kf.tenant_id'', ''${b.tenantId}'', true)', true, false, '')`,
      '42501',
    ],
    [
      '51 SET through query_to_xmlschema',
      `SELECT query_to_xmlschema('SET LOCAL kf.tenant_id = ''${b.tenantId}''', true, false, '')`,
      '42P11',
    ],
    ['51 SET through ts_stat', `SELECT * FROM ts_stat('SET LOCAL kf.tenant_id = ''${b.tenantId}''')`, '42P11'],
    ['52 ALTER ROLE of itself', `ALTER ROLE CURRENT_USER SET kf.tenant_id = '${b.tenantId}'`, '42501'],
    [
      '52 ALTER DATABASE',
      `ALTER DATABASE "${databaseOf(target.urlFor(role))}" SET kf.tenant_id = '${b.tenantId}'`,
      '42501',
    ],
  ];
  await asRole(target, role, async (session: Session) => {
    await session.enter(world.here);
    for (const [caseName, sql, sqlState] of attempts) {
      expect.refused({ caseName, where: sql.slice(0, 60) }, await session.probe(sql), sqlState);
      expect.onlyRowsOf({ caseName, where: 'afterwards' }, await session.probe(scopes), world.here);
    }
  });
}

function databaseOf(url: string | null): string {
  return url === null ? '' : decodeURIComponent(new URL(url).pathname.slice(1));
}

export const contextAttacks: Check = attackCheck({
  id: 'tenancy.context-unforgeable',
  claim: 'A context lasts for its transaction, and nothing inside an expression can change it.',
  mechanism: 'SET LOCAL, NULLIF in the policies, EXECUTE on set_config revoked; attack cases 43 to 45 and 47 to 52',
  cases: [
    '43 SET LOCAL outside a transaction',
    '44 savepoint',
    '45 prepared statement',
    '47 control inside the transaction',
    '47 after an error',
    '48 after a timeout',
    '49 set_config',
    '50 UPDATE pg_settings',
    '51 SET through query_to_xml',
    '51 set_config through query_to_xml',
    '51 SET through query_to_xmlschema',
    '51 SET through ts_stat',
    '52 ALTER ROLE of itself',
    '52 ALTER DATABASE',
  ],
  async run(attack) {
    await contextsEnd(attack);
    await savepoints(attack);
    await preparedStatements(attack);
    await forgeInsideExpressions(attack);
  },
  saboteurs: [
    sabotage(
      { name: 'set_config is open to everyone', mentions: '49 set_config' },
      'GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) TO PUBLIC',
    ),
    sabotage(
      { name: 'a policy only asks whether there is a tenant', mentions: '44 savepoint' },
      "ALTER POLICY scope_select ON kf.variants USING (current_setting('kf.tenant_id', true) <> '')",
    ),
    sabotage(
      { name: 'a policy needs no context', mentions: '43 SET LOCAL outside a transaction' },
      'ALTER POLICY scope_select ON kf.variants USING (true)',
    ),
  ],
});

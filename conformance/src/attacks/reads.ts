import type { Check } from '../harness/check.ts';
import { sabotage } from '../harness/sabotage.ts';
import { asRole, type Session } from '../harness/session.ts';
import { conditionOf, primaryKeyOf, qualified } from '../world/statements.ts';
import { foreignHomeOf, homeOf, rowCountIn, sharedRow, type World } from '../world/world.ts';
import { type Access, accessesTo } from './access.ts';
import { type Attack, attackCheck } from './attack-check.ts';
import { readableRelations } from './readable-relations.ts';
import { readsColumnsOnly, readsColumnsOnlyCases } from './reads-columns-only.ts';

const setting = (name: 'tenant_id' | 'environment_id', value: string): string => `SET LOCAL kf.${name} = '${value}'`;

/** Case 1: nothing was set on this connection in this transaction. */
async function withoutContext(attack: Attack, session: Session, { table, role }: Access): Promise<void> {
  const outcome = await session.probe(`SELECT FROM ${qualified(table)}`);
  attack.expect.rowCount({ caseName: '01 no context', where: `${table} as ${role}` }, outcome, 0);
}

/** Cases 5 to 8: contexts that are no scope at all. */
async function withBrokenContexts({ expect, world }: Attack, session: Session, { table, role }: Access): Promise<void> {
  const home = homeOf(world, table);
  const foreign = foreignHomeOf(world, table);
  const contexts: [caseName: string, tenant: string, environment: string][] = [
    ['05 own tenant, foreign environment', home.tenantId, world.stranger.environmentId],
    ['05 foreign tenant, own environment', foreign.tenantId, world.here.environmentId],
    ['06 tenant only', home.tenantId, ''],
    ['06 environment only', '', home.environmentId],
    ['07 empty settings', '', ''],
  ];
  for (const [caseName, tenant, environment] of contexts) {
    await session.perform(setting('tenant_id', tenant));
    await session.perform(setting('environment_id', environment));
    const outcome = await session.probe(`SELECT FROM ${qualified(table)}`);
    expect.rowCount({ caseName, where: `${table} as ${role}` }, outcome, 0);
  }
  await session.perform(setting('tenant_id', 'garbage'));
  const garbage = await session.probe(`SELECT FROM ${qualified(table)}`);
  expect.refused({ caseName: '08 garbage setting', where: `${table} as ${role}` }, garbage, '22P02');
}

interface Probe {
  readonly caseName: string;
  readonly sql: string;
  readonly values?: readonly unknown[];
  /** How many rows, or: each row is the caller's own. */
  readonly due: number | 'own rows';
}

function probesFrom(world: World, { table, updates }: Access): readonly Probe[] {
  const home = homeOf(world, table);
  const foreign = foreignHomeOf(world, table);
  const own = rowCountIn(home, table);
  const from = qualified(table);
  const key = conditionOf(
    primaryKeyOf(table).filter((column) => column in sharedRow(foreign, table)),
    sharedRow(foreign, table),
  );
  const probes: Probe[] = [
    { caseName: '02 forgotten WHERE', sql: `SELECT tenant_id, environment_id FROM ${from}`, due: 'own rows' },
    {
      caseName: '03 WHERE foreign tenant',
      sql: `SELECT FROM ${from} WHERE tenant_id = $1`,
      values: [foreign.tenantId],
      due: 0,
    },
    {
      caseName: '04 WHERE other environment',
      sql: `SELECT FROM ${from} WHERE environment_id <> $1`,
      values: [home.environmentId],
      due: 0,
    },
    { caseName: '09 count', sql: `SELECT FROM generate_series(1, (SELECT count(*) FROM ${from}))`, due: own },
    {
      caseName: '10 ctid scan',
      sql: `SELECT tenant_id, environment_id FROM ${from} WHERE ctid >= '(0,0)'`,
      due: 'own rows',
    },
    {
      caseName: '11 TABLESAMPLE',
      sql: `SELECT tenant_id, environment_id FROM ${from} TABLESAMPLE SYSTEM (100)`,
      due: 'own rows',
    },
    {
      caseName: '12 whole-row cast',
      sql: `SELECT FROM ${from} t WHERE t::text LIKE '%' || $1 || '%'`,
      values: [foreign.tenantId],
      due: 0,
    },
    {
      caseName: '13 query_to_xml',
      sql: `SELECT FROM (SELECT query_to_xml('SELECT * FROM ${from}', false, true, '')::text AS x) s WHERE x LIKE '%' || $1 || '%' OR x NOT LIKE '%' || $2 || '%'`,
      values: [foreign.tenantId, home.tenantId],
      due: 0,
    },
    {
      caseName: '13 table_to_xml',
      sql: `SELECT FROM (SELECT table_to_xml('${from}', false, true, '')::text AS x) s WHERE x LIKE '%' || $1 || '%' OR x NOT LIKE '%' || $2 || '%'`,
      values: [foreign.tenantId, home.tenantId],
      due: 0,
    },
    { caseName: '15 COPY of a query', sql: `COPY (SELECT * FROM ${from}) TO STDOUT`, due: own },
    { caseName: '15 COPY of a table', sql: `COPY ${from} TO STDOUT`, due: own },
    {
      caseName: '16 join without keys',
      sql: `SELECT FROM ${from} a CROSS JOIN LATERAL (SELECT FROM ${from} b WHERE b.tenant_id <> a.tenant_id OR b.environment_id <> a.environment_id) x`,
      due: 0,
    },
    {
      caseName: '16 foreign key by its full key',
      sql: `SELECT FROM ${from} WHERE ${key.sql}`,
      values: key.values,
      due: 0,
    },
  ];
  if (!updates) return probes;
  const locking = ['FOR UPDATE', 'FOR UPDATE SKIP LOCKED', 'FOR KEY SHARE'];
  const locks = locking.map((clause): Probe => ({
    caseName: '14 locking a foreign row',
    sql: `SELECT FROM ${from} WHERE ${key.sql} ${clause}`,
    values: key.values,
    due: 0,
  }));
  return [...probes, ...locks];
}

async function inside({ expect, world }: Attack, session: Session, access: Access): Promise<void> {
  const { table, role } = access;
  const home = homeOf(world, table);
  await session.enter(home);
  for (const { caseName, sql, values, due } of probesFrom(world, access)) {
    const attempt = { caseName, where: `${table} as ${role}` };
    const outcome = await session.probe(sql, values);
    if (due === 'own rows') expect.onlyRowsOf(attempt, outcome, home);
    if (due === 'own rows') expect.rowCount(attempt, outcome, rowCountIn(home, table));
    else expect.rowCount(attempt, outcome, due);
  }
}

/** Enters other places of the same tenant: what is seen there is theirs, and rows of the control plane are nowhere else. */
async function elsewhere({ expect, world }: Attack, session: Session, { table, role }: Access): Promise<void> {
  const attempt = { caseName: '04 from the other environment', where: `${table} as ${role}` };
  await session.enter(world.sibling);
  const outcome = await session.probe(`SELECT tenant_id, environment_id FROM ${qualified(table)}`);
  if (rowCountIn(world.sibling, table) === 0) expect.rowCount(attempt, outcome, 0);
  else expect.onlyRowsOf(attempt, outcome, world.sibling);
}

async function attackReads(attack: Attack): Promise<void> {
  // What drains a queue or builds the log of each tenant sees across tenants, by declaration.
  const confined = accessesTo(attack.tables).filter(({ drains, overlooks }) => !drains && !overlooks);
  for (const access of confined.filter(({ reads }) => reads)) {
    await asRole(attack.target, access.role, async (session) => {
      await withoutContext(attack, session, access);
      await inside(attack, session, access);
      await elsewhere(attack, session, access);
      await withBrokenContexts(attack, session, access);
    });
  }
  for (const access of confined.filter(({ reads }) => !reads)) {
    if (access.readsColumns.length > 0) await readsColumnsOnly(attack, access);
    else await refusedAltogether(attack, access);
  }
  await readableRelations(attack);
}

async function refusedAltogether(attack: Attack, { role, table }: Access): Promise<void> {
  await asRole(attack.target, role, async (session) => {
    await session.enter(homeOf(attack.world, table));
    const attempt = { caseName: '02 without a grant', where: `${table} as ${role}` };
    attack.expect.refused(attempt, await session.probe(`SELECT FROM ${qualified(table)}`), '42501');
    attack.expect.refused(attempt, await session.probe(`SELECT tenant_id FROM ${qualified(table)}`), '42501');
  });
}

export const readAttacks: Check = attackCheck({
  id: 'tenancy.reads-confined',
  claim:
    'In a tenant’s context a role reads that tenant’s rows of that environment and nothing else, however the query is written; without a context it reads nothing.',
  mechanism:
    'forced row security with the whole predicate in each policy; attack cases 1 to 18, for each role and each table',
  cases: [
    '01 no context',
    '02 forgotten WHERE',
    '02 without a grant',
    '03 WHERE foreign tenant',
    '04 WHERE other environment',
    '04 from the other environment',
    '05 own tenant, foreign environment',
    '06 tenant only',
    '06 environment only',
    '07 empty settings',
    '08 garbage setting',
    '09 count',
    '10 ctid scan',
    '11 TABLESAMPLE',
    '12 whole-row cast',
    '13 query_to_xml',
    '13 table_to_xml',
    '14 locking a foreign row',
    '15 COPY of a query',
    '15 COPY of a table',
    '16 join without keys',
    '16 foreign key by its full key',
    '17 and 18 readable relations',
    ...readsColumnsOnlyCases,
  ],
  run: attackReads,
  saboteurs: [
    sabotage(
      { name: 'one table shows every row', mentions: '02 forgotten WHERE, variants', tables: ['variants'] },
      'ALTER POLICY scope_select ON kf.variants USING (true)',
    ),
    sabotage(
      { name: 'row security is disabled on one table', mentions: '01 no context, locations', tables: ['locations'] },
      'ALTER TABLE kf.locations DISABLE ROW LEVEL SECURITY',
    ),
    sabotage(
      {
        name: 'a policy forgets the environment',
        mentions: '04 WHERE other environment, reservations',
        tables: ['reservations'],
      },
      "ALTER POLICY scope_select ON kf.reservations USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid)",
    ),
    sabotage(
      {
        name: 'a missing tenant means every tenant',
        mentions: '06 environment only, domain_events',
        tables: ['domain_events'],
      },
      "ALTER POLICY scope_select ON kf.domain_events USING (tenant_id = coalesce(nullif(current_setting('kf.tenant_id', true), '')::uuid, tenant_id) and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid)",
    ),
    sabotage(
      {
        name: 'a second policy shows every row to one role',
        mentions: '01 no context, api_keys as kf_read',
        tables: ['api_keys'],
      },
      'CREATE POLICY reports ON kf.api_keys FOR SELECT TO kf_read USING (true)',
    ),
    sabotage(
      { name: 'a view of the owner’s is readable', mentions: 'kf_read reads kf.sku_list', tables: ['variants'] },
      'CREATE VIEW kf.sku_list AS SELECT sku FROM kf.variants',
      'GRANT SELECT ON kf.sku_list TO kf_read',
    ),
    sabotage(
      {
        name: 'secrets become readable by ingest',
        mentions: '02 without a grant, api_keys as kf_ingest',
        tables: ['api_keys'],
      },
      'GRANT SELECT ON kf.api_keys TO kf_ingest',
    ),
    sabotage(
      {
        name: 'everyone sees the roots of every tenant',
        mentions: '01 no context, log_roots as kf_read',
        tables: ['log_roots'],
      },
      'ALTER POLICY overview_select ON kf.log_roots TO PUBLIC',
    ),
    sabotage(
      {
        name: 'who logs in sees more of an identity than its person',
        mentions: '02 a column without a grant, principal_identities as kf_login',
        tables: ['principal_identities'],
      },
      'GRANT SELECT (receipt_id) ON kf.principal_identities TO kf_login',
    ),
    sabotage(
      {
        name: 'who logs in reads another table',
        mentions: 'kf_login reads sessions too',
        tables: ['principal_identities'],
      },
      'GRANT SELECT (id) ON kf.sessions TO kf_login',
    ),
    sabotage(
      {
        name: 'identities of every tenant are open to those who serve one',
        mentions: '02 forgotten WHERE, principal_identities as kf_command',
        tables: ['principal_identities'],
      },
      'ALTER POLICY lookup_select ON kf.principal_identities TO kf_login, kf_command, kf_read',
    ),
    sabotage(
      {
        name: 'who may erase a personal value may read it',
        mentions: '02 a column without a grant, personal_data as kf_worker: value',
        tables: ['personal_data'],
      },
      'GRANT SELECT (value) ON kf.personal_data TO kf_worker',
    ),
    sabotage(
      {
        name: 'a drain is open to everyone',
        mentions: '02 without a grant, expiry_schedule as kf_ingest',
        tables: ['expiry_schedule'],
      },
      'ALTER POLICY drain_select ON kf.expiry_schedule TO PUBLIC',
      'GRANT SELECT ON kf.expiry_schedule TO kf_ingest',
    ),
  ],
});

import { columnsOf, schemaName, type TableName, tableOf } from '@karmanflow/schema';
import type { Check } from '../harness/check.ts';
import { sabotage } from '../harness/sabotage.ts';
import { asAdministrator, asRole, type Outcome, type Session } from '../harness/session.ts';
import type { SeedRow } from '../world/row-of.ts';
import { insertOf, qualified } from '../world/statements.ts';
import { isSingleton, tablesInOrder } from '../world/tables-in-order.ts';
import { foreignHomeOf, homeOf, issueReceipt, newRow, type Place, placeForNewRow, sharedRow } from '../world/world.ts';
import { accessOf, writerOf } from './access.ts';
import { type Attack, attackCheck } from './attack-check.ts';
import { liveReferences } from './live-references.ts';

/** The role that may insert into every table but those of the sequencer and of delivery. */
const role = 'kf_command';

/** Cases 31 and 32: A builds a copy of B's rows, with B's ids and B's natural keys, and nothing gets in the way. */
async function copyTheStranger({ target, world, expect, evidence }: Attack): Promise<void> {
  const pairs: [from: Place, to: Place][] = [
    [world.strangerControl, world.control],
    [world.stranger, world.here],
  ];
  const writers = new Set(tablesInOrder().map(writerOf));
  for (const [[from, to], writer] of pairs.flatMap((pair) => [...writers].map((one) => [pair, one] as const))) {
    await asRole(target, writer, async (session) => {
      await session.enter(to);
      for (const name of tablesInOrder().filter((table) => writerOf(table) === writer)) {
        const row = from.rows.rival[name];
        if (!row || isSingleton(name)) continue;
        const { sql, values } = insertOf(name, { ...row, tenant_id: to.tenantId, environment_id: to.environmentId });
        const attempt = { caseName: '31 and 32 same keys and ids as a stranger', where: name };
        const outcome = await session.probe(sql, values);
        expect.allowed(attempt, outcome);
        // What refers to a row that could not be copied says nothing more.
        if (outcome.refused) return evidence.note(`the copy into ${to.name} ended at ${name}`);
        await session.perform(sql, values);
      }
    });
  }
}

/** Case 33: a foreign key to a row of B behaves exactly like one to a row that does not exist. */
async function probeForeignKeys(attack: Attack): Promise<void> {
  const { target, world, expect } = attack;
  const references = await liveReferences(attack);
  for (const { table, columns, targetTable, targetColumns } of references) {
    const own = columns.filter(
      (column) => column !== 'tenant_id' && column !== 'environment_id' && column !== 'written_in',
    );
    if (own.length === 0) continue;
    const place = placeForNewRow(world, table, homeOf(world, table));
    const strangers =
      foreignHomeOf(world, targetTable).rows.rival[targetTable] ??
      sharedRow(foreignHomeOf(world, targetTable), targetTable);
    await asRole(target, writerOf(table), async (session) => {
      await session.enter(place);
      const receiptId = await issueReceipt(session, world, place);
      const outcomes: Outcome[] = [];
      const label = `probe ${world.newId()}`;
      const row = newRow(world, table, { place, receiptId, label });
      // A row that could be there and is not: its values are of the shape that the columns want.
      const nobodys = newRow(world, targetTable, { place, receiptId });
      for (const source of [strangers, nobodys]) {
        const ids = own.map((column) => [column, source[targetColumns[columns.indexOf(column)] ?? '']]);
        const { sql, values } = insertOf(table, { ...row, ...Object.fromEntries(ids) });
        outcomes.push(await session.probe(sql, values));
      }
      const where = `${table} (${own.join(', ')})`;
      const [stranger, nobody] = outcomes;
      if (!stranger || !nobody) return;
      expect.refused({ caseName: '33 foreign key to a stranger’s row', where }, stranger, '23503');
      expect.indistinguishable({ caseName: '33 foreign key to a stranger’s row', where }, [stranger, nobody]);
    });
  }
}

function withoutDetail(
  { evidence }: Attack,
  caseName: string,
  where: string,
  outcome: Outcome,
  sqlState: string,
): void {
  evidence.see(caseName);
  if (outcome.refused?.sqlState !== sqlState) {
    evidence.surprise(
      `${caseName}, ${where}: ${outcome.refused?.sqlState ?? 'success'} ${outcome.refused?.message ?? ''}, where ${sqlState} was due`,
    );
  } else if (outcome.refused.detail !== undefined) {
    evidence.violation(`${caseName}, ${where}: tells "${outcome.refused.detail}"`);
  }
}

/** Cases 36 to 38: errors name the rule that was broken and no value of any row. */
async function provokeErrors(attack: Attack): Promise<void> {
  const { target, world, tables } = attack;
  for (const table of tables) {
    const place = placeForNewRow(world, table, homeOf(world, table));
    await asRole(target, writerOf(table), async (session) => {
      await session.enter(place);
      const receiptId = await issueReceipt(session, world, place);
      const row = newRow(world, table, { place, receiptId });
      const attempt = async (changed: SeedRow): Promise<Outcome> => {
        const { sql, values } = insertOf(table, { ...row, ...changed });
        return session.probe(sql, values);
      };
      const required = Object.entries(columnsOf(table)).find(
        ([column, { nullable, identity }]) =>
          !nullable && !identity && !['tenant_id', 'environment_id'].includes(column),
      );
      if (required)
        withoutDetail(attack, '37 null where none may be', table, await attempt({ [required[0]]: null }), '23502');
      const listed = Object.entries(columnsOf(table)).find(([, { values }]) => values);
      if (listed)
        withoutDetail(attack, '37 CHECK violation', table, await attempt({ [listed[0]]: 'NONSENSE' }), '23514');
      // A queue's position cannot be chosen without saying so: its key is only reached by its own sequence.
      if (!tableOf(table).key.some((column) => columnsOf(table)[column]?.identity)) {
        const { sql, values } = insertOf(table, row);
        await session.perform(sql, values);
        withoutDetail(attack, '36 unique violation', table, await session.probe(sql, values), '23505');
      }
      await session.enter(homeOf(world, table));
      await leak(attack, session, table);
    });
  }
}

/** A cast that fails prints the value that it met: it must never meet a stranger's. */
async function leak({ world, evidence, expect }: Attack, session: Session, table: TableName): Promise<void> {
  const { reads, overlooks } = accessOf(writerOf(table), table);
  if (!reads || overlooks) return;
  const foreign = foreignHomeOf(world, table);
  const conditions = [
    't::text::integer = 0',
    `t.tenant_id = '${foreign.tenantId}' AND t::text::integer = 0`,
    `t.tenant_id <> '${homeOf(world, table).tenantId}' AND 1 / (length(t::text) * 0) = 0`,
  ];
  for (const condition of conditions) {
    const outcome = await session.probe(`SELECT FROM ${qualified(table)} t WHERE ${condition}`);
    evidence.see('38 leaky expressions');
    const said = `${outcome.refused?.message ?? ''} ${outcome.refused?.detail ?? ''}`;
    if (said.includes(foreign.tenantId)) evidence.violation(`38 leaky expressions, ${table}: prints a stranger's row`);
    if (!outcome.refused) expect.rowCount({ caseName: '38 leaky expressions', where: table }, outcome, 0);
    // Dividing by zero on a row that the policy hides would tell that it exists.
    if (outcome.refused?.sqlState === '22012')
      evidence.violation(`38 leaky expressions, ${table}: evaluated on a hidden row`);
  }
}

/** Cases 39 to 41: what the server itself knows about everybody's rows. */
async function askTheServer(attack: Attack): Promise<void> {
  const { target, world, expect, evidence } = attack;
  const statistics = `SELECT FROM pg_stats WHERE schemaname = '${schemaName}'`;
  if (target.adminUrl !== null) await findStatistics(attack, statistics);
  await asRole(target, role, async (session) => {
    await session.enter(world.here);
    const caseName = '39 statistics';
    expect.rowCount({ caseName, where: 'pg_stats' }, await session.probe(statistics), 0);
    expect.rowCount(
      { caseName, where: 'pg_stats_ext' },
      await session.probe(`SELECT FROM pg_stats_ext WHERE schemaname = '${schemaName}'`),
      0,
    );
    expect.refused({ caseName, where: 'pg_statistic' }, await session.probe('SELECT FROM pg_statistic'), '42501');
    expect.refused(
      { caseName, where: 'pg_statistic_ext_data' },
      await session.probe('SELECT FROM pg_statistic_ext_data'),
      '42501',
    );

    const plan = await session.probe(
      `EXPLAIN (FORMAT JSON) SELECT FROM ${qualified('tenants')} WHERE tenant_id = '${world.stranger.tenantId}'`,
    );
    evidence.see('40 EXPLAIN');
    evidence.note(
      `residual: EXPLAIN estimates rows of a named tenant (${plan.refused ? plan.refused.sqlState : 'allowed'}); needs direct SQL`,
    );
    await askSequences(attack, session);
  });
}

/** The control: there are statistics to be found. Only a superuser sees those of guarded tables. */
async function findStatistics({ target, expect, evidence }: Attack, statistics: string): Promise<void> {
  await asAdministrator(target, { name: 'administrator', settings: [] }, async (session) => {
    const superuser = await session.probe('SELECT FROM pg_roles WHERE rolname = session_user AND rolsuper');
    if (superuser.rowCount === 0) return evidence.note('39 control: not tried, the administrator is no superuser');
    const attempt = { caseName: '39 control: statistics exist', where: 'pg_stats' };
    expect.allowed(attempt, await session.probe(statistics));
  });
}

async function askSequences({ expect }: Attack, session: Session): Promise<void> {
  const caseName = '41 sequences';
  const sequences = await session.probe(
    `SELECT c.oid::regclass::text AS name FROM pg_class c WHERE c.relkind = 'S' AND c.relnamespace = '${schemaName}'::regnamespace`,
  );
  for (const row of sequences.rows) {
    const name = String(row['name']);
    expect.refused({ caseName, where: name }, await session.probe(`SELECT last_value FROM ${name}`), '42501');
    expect.refused({ caseName, where: name }, await session.probe(`SELECT nextval('${name}')`), '42501');
    expect.refused({ caseName, where: name }, await session.probe(`SELECT currval('${name}')`), '42501');
  }
  const visible = await session.probe('SELECT FROM pg_sequences WHERE last_value IS NOT NULL');
  expect.rowCount({ caseName, where: 'pg_sequences' }, visible, 0);
}

/** Case 35: nothing that happens to B's rows reaches A's. */
async function countActions(attack: Attack): Promise<void> {
  const { evidence } = attack;
  for (const { table, name, acts } of await liveReferences(attack)) {
    evidence.see('35 referential actions');
    if (acts) evidence.violation(`35 referential actions, ${name} on ${table} acts on the rows that refer`);
  }
}

export const keyAttacks: Check = attackCheck({
  id: 'tenancy.keys-tell-nothing',
  claim:
    'Keys, foreign keys, errors and statistics do not tell whether another tenant’s row exists, nor what is in it.',
  mechanism:
    'tenant_id leads every key; row security hides values in error details and statistics; attack cases 31 to 41',
  cases: [
    '31 and 32 same keys and ids as a stranger',
    '33 foreign key to a stranger’s row',
    '35 referential actions',
    '36 unique violation',
    '37 null where none may be',
    '37 CHECK violation',
    '38 leaky expressions',
    '39 statistics',
    '40 EXPLAIN',
    '41 sequences',
  ],
  async run(attack) {
    await copyTheStranger(attack);
    await probeForeignKeys(attack);
    await countActions(attack);
    await provokeErrors(attack);
    await askTheServer(attack);
  },
  saboteurs: [
    sabotage(
      {
        name: 'a unique key spans all tenants',
        mentions: '31 and 32 same keys and ids as a stranger, variants',
        tables: ['variants'],
      },
      'CREATE UNIQUE INDEX ON kf.variants (id)',
    ),
    sabotage(
      {
        name: 'a foreign key is the id alone',
        mentions: '33 foreign key to a stranger’s row, reservations',
        tables: ['reservations'],
      },
      'CREATE UNIQUE INDEX loose_target ON kf.sales_channels (id)',
      'ALTER TABLE kf.reservations DROP CONSTRAINT reservations_sales_channel_id_fkey',
      'ALTER TABLE kf.reservations ADD FOREIGN KEY (sales_channel_id) REFERENCES kf.sales_channels (id)',
    ),
    sabotage(
      { name: 'a foreign key cascades', mentions: '35 referential actions, cascading', tables: ['reservations'] },
      'ALTER TABLE kf.reservations ADD CONSTRAINT cascading FOREIGN KEY (tenant_id, environment_id, sales_channel_id) REFERENCES kf.sales_channels (tenant_id, environment_id, id) ON DELETE CASCADE',
    ),
    sabotage(
      {
        name: 'row security is disabled on one table',
        mentions: '36 unique violation, variants',
        tables: ['variants'],
      },
      'ALTER TABLE kf.variants DISABLE ROW LEVEL SECURITY',
    ),
    sabotage(
      { name: 'one table shows every row', mentions: '38 leaky expressions, variants', tables: ['variants'] },
      'ALTER POLICY scope_select ON kf.variants USING (true)',
    ),
    sabotage(
      { name: 'raw statistics are readable', mentions: '39 statistics, pg_statistic', tables: ['variants'] },
      'GRANT SELECT ON pg_catalog.pg_statistic TO kf_command',
    ),
    sabotage(
      {
        name: 'a queue’s sequence is readable',
        mentions: '41 sequences, kf.log_pending_position_seq',
        tables: ['variants'],
      },
      'GRANT SELECT ON SEQUENCE kf.log_pending_position_seq TO kf_command',
    ),
  ],
});

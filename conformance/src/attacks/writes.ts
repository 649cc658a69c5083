import { columnsOf, scopePredicate, type TableName } from '@karmanflow/schema';
import type { Check } from '../harness/check.ts';
import { sabotage } from '../harness/sabotage.ts';
import { asRole, type Session } from '../harness/session.ts';
import { changeableColumn, conditionOf, insertOf, primaryKeyOf, qualified } from '../world/statements.ts';
import { foreignHomeOf, homeOf, issueReceipt, newRow, placeForNewRow, rowCountIn, sharedRow } from '../world/world.ts';
import { type Access, accessesTo } from './access.ts';
import { type Attack, attackCheck } from './attack-check.ts';
import { changeOf } from './change-of.ts';

/** Cases 19 and 24 to 30: what a role that may insert could try to put where it does not belong. */
async function attackInserts({ target, world, expect }: Attack, access: Access): Promise<void> {
  const { role, table, reads, updates } = access;
  const where = `${table} as ${role}`;
  const own = placeForNewRow(world, table, homeOf(world, table));
  const foreign = placeForNewRow(world, table, foreignHomeOf(world, table));
  await asRole(target, role, async (session) => {
    await session.enter(foreign);
    // The other tenant's own receipt of this transaction: nothing but the policy stands in the way of the row.
    const foreignRow = newRow(world, table, { place: foreign, receiptId: await issueReceipt(session, world, foreign) });
    const asForeign = insertOf(table, foreignRow);
    expect.allowed(
      { caseName: '19 control in its own scope', where },
      await session.probe(asForeign.sql, asForeign.values),
    );

    await session.enter(own);
    const ownRow = newRow(world, table, { place: own, receiptId: await issueReceipt(session, world, own) });
    const asOwn = insertOf(table, ownRow, ' ON CONFLICT DO NOTHING');
    expect.allowed({ caseName: '19 control in its own scope', where }, await session.probe(asOwn.sql, asOwn.values));
    expect.refused(
      { caseName: '19 INSERT as another tenant', where },
      await session.probe(asForeign.sql, asForeign.values),
      '42501',
    );

    const existing = { ...foreignRow, ...keyOf(sharedRow(foreignHomeOf(world, table), table), access) };
    const change = updates ? changeOf(table, 'excluded.receipt_id') : null;
    const key = primaryKeyOf(table).join(', ');
    const upsert = insertOf(table, existing, ` ON CONFLICT (${key}) DO ${change ? `UPDATE SET ${change}` : 'NOTHING'}`);
    expect.refused(
      { caseName: '24 upsert on a foreign key', where },
      await session.probe(upsert.sql, upsert.values),
      '42501',
    );
    const skip = insertOf(table, existing, ' ON CONFLICT DO NOTHING');
    expect.refused(
      { caseName: '25 ON CONFLICT DO NOTHING on a foreign key', where },
      await session.probe(skip.sql, skip.values),
      '42501',
    );

    const { tenant_id: _tenant, ...unscoped } = ownRow;
    const omitted = insertOf(table, unscoped);
    expect.refused(
      { caseName: '30 INSERT without tenant_id', where },
      await session.probe(omitted.sql, omitted.values),
      '42501',
    );
    expect.refused(
      { caseName: '28 COPY FROM', where },
      await session.probe(`COPY ${qualified(table)} FROM STDIN`),
      '0A000',
    );
    if (reads)
      await attackByQuery({ session, where, expect }, { access, foreignRow, foreignTenantId: foreign.tenantId });
  });
}

/** The values of the key that the seed gave to a row; a queue's position is not among them. */
function keyOf(row: Readonly<Record<string, unknown>>, { table }: Access): Record<string, unknown> {
  const columns = primaryKeyOf(table).filter((column) => column in row);
  return Object.fromEntries(columns.map((column) => [column, row[column]]));
}

interface QueryAttack {
  readonly access: Access;
  readonly foreignRow: Readonly<Record<string, unknown>>;
  readonly foreignTenantId: string;
}

async function attackByQuery(
  { session, where, expect }: { session: Session; where: string; expect: Attack['expect'] },
  { access: { table, overlooks }, foreignRow, foreignTenantId }: QueryAttack,
): Promise<void> {
  const columns = Object.entries(columnsOf(table))
    .filter(([, { identity }]) => !identity)
    .map(([column]) => column)
    .join(', ');
  const copied = await session.probe(
    `INSERT INTO ${qualified(table)} (${columns}) SELECT ${columns} FROM ${qualified(table)} WHERE tenant_id = $1`,
    [foreignTenantId],
  );
  const copy = { caseName: '27 INSERT SELECT from another tenant', where };
  if (overlooks) expect.refused(copy, copied, '42501');
  else expect.rowCount(copy, copied, 0);
  const names = Object.keys(foreignRow);
  const merged = await session.probe(
    `MERGE INTO ${qualified(table)} t USING (SELECT $1::uuid AS tenant_id) s ON t.tenant_id = s.tenant_id AND false
      WHEN NOT MATCHED THEN INSERT (${names.join(', ')}) VALUES (${names.map((_, index) => `$${index + 2}`).join(', ')})`,
    [foreignTenantId, ...Object.values(foreignRow)],
  );
  expect.refused({ caseName: '26 MERGE that inserts', where }, merged, '42501');
}

/** Cases 20 to 23 and 26: what a role that may update could try to reach or to move. */
async function attackUpdates({ target, world, expect }: Attack, { role, table, overlooks }: Access): Promise<void> {
  const where = `${table} as ${role}`;
  const home = homeOf(world, table);
  const foreign = foreignHomeOf(world, table);
  const from = qualified(table);
  await asRole(target, role, async (session) => {
    await session.enter(home);
    const receiptId = await issueReceipt(session, world, home);
    const change = changeOf(table, '$1::uuid');
    const update = (row: Readonly<Record<string, unknown>>, extra = ''): ReturnType<Session['probe']> => {
      const key = conditionOf(primaryKeyOf(table), row, 2);
      return session.probe(`UPDATE ${from} SET ${change}${extra} WHERE ${key.sql}`, [receiptId, ...key.values]);
    };
    const ownRow = sharedRow(home, table);
    expect.rowCount({ caseName: '22 control on its own row', where }, await update(ownRow), 1);
    expect.rowCount({ caseName: '22 UPDATE of a foreign row', where }, await update(sharedRow(foreign, table)), 0);
    const moves = `, tenant_id = '${foreign.tenantId}', environment_id = '${foreign.environmentId}'`;
    expect.refused({ caseName: '20 UPDATE that moves to another tenant', where }, await update(ownRow, moves), '42501');
    const shifts = `, environment_id = '${world.sibling.environmentId}'`;
    expect.refused(
      { caseName: '21 UPDATE that moves to another environment', where },
      await update(ownRow, shifts),
      '42501',
    );

    const sweeping = await session.probe(`UPDATE ${from} SET ${change} RETURNING tenant_id, environment_id`, [
      receiptId,
    ]);
    expect.onlyRowsOf({ caseName: '23 UPDATE without WHERE', where }, sweeping, home);
    // Without RETURNING and without a column that is read, only the update policy applies.
    const blind = await session.probe(...blindUpdate(table, { receiptId, ownRow }));
    expect.rowCount({ caseName: '23 UPDATE without WHERE', where }, blind, rowCountIn(home, table));

    const key = conditionOf(primaryKeyOf(table), sharedRow(foreign, table), 2);
    const qualifiedKey = key.sql
      .split(' AND ')
      .map((term) => `t.${term}`)
      .join(' AND ');
    const merged = await session.probe(
      `MERGE INTO ${from} t USING (SELECT $1::uuid AS id) s ON ${qualifiedKey} WHEN MATCHED THEN UPDATE SET ${changeOf(table, 's.id')}`,
      [receiptId, ...key.values],
    );
    const merge = { caseName: '26 MERGE that updates', where };
    // Where it sees a foreign row, it is told that it may not change it.
    if (overlooks) expect.refused(merge, merged, '42501');
    else expect.rowCount(merge, merged, 0);
  });
}

/** Reads no column: what it writes it brings along. */
function blindUpdate(
  table: TableName,
  { receiptId, ownRow }: { readonly receiptId: string; readonly ownRow: Readonly<Record<string, unknown>> },
): [sql: string, values: unknown[]] {
  if ('receipt_id' in columnsOf(table)) {
    return [
      `UPDATE ${qualified(table)} SET version = 2, receipt_id = $1, written_in = pg_current_xact_id()`,
      [receiptId],
    ];
  }
  const column = changeableColumn(table);
  return [`UPDATE ${qualified(table)} SET ${column} = $1`, [ownRow[column]]];
}

/** What no grant allows, on the role's own rows: nothing but a missing privilege may be the reason, or that history is young. */
async function attackWithoutGrants({ target, world, expect }: Attack, access: Access): Promise<void> {
  const { role, table, inserts, updates, drains, expires } = access;
  const where = `${table} as ${role}`;
  const home = homeOf(world, table);
  await asRole(target, role, async (session) => {
    await session.enter(home);
    const from = qualified(table);
    expect.refused({ caseName: '29 TRUNCATE', where }, await session.probe(`TRUNCATE ${from} CASCADE`), '42501');
    const removed = await session.probe(`DELETE FROM ${from}`);
    if (expires) expect.rowCount({ caseName: '22 DELETE of what is kept', where }, removed, 0);
    else if (!drains) expect.refused({ caseName: '22 DELETE', where }, removed, '42501');
    if (!inserts) {
      const { sql, values } = insertOf(table, newRow(world, table, { place: home, receiptId: world.newId() }));
      expect.refused({ caseName: '19 INSERT without a grant', where }, await session.probe(sql, values), '42501');
      expect.refused(
        { caseName: '28 COPY FROM without a grant', where },
        await session.probe(`COPY ${from} FROM STDIN`),
        '42501',
      );
    }
    if (!updates) {
      const outcome = await session.probe(`UPDATE ${from} SET tenant_id = tenant_id`);
      expect.refused({ caseName: '22 UPDATE without a grant', where }, outcome, '42501');
    }
  });
}

export const writeAttacks: Check = attackCheck({
  id: 'tenancy.writes-confined',
  claim:
    'In a tenant’s context a role adds and changes that tenant’s rows and nothing else, and removes nothing that is kept, however the statement is written.',
  mechanism:
    'insert and update policies with the whole predicate, column grants, no delete grant but for history, with a policy that names its age; attack cases 19 to 30',
  cases: [
    '19 control in its own scope',
    '19 INSERT as another tenant',
    '19 INSERT without a grant',
    '20 UPDATE that moves to another tenant',
    '21 UPDATE that moves to another environment',
    '22 control on its own row',
    '22 UPDATE of a foreign row',
    '22 UPDATE without a grant',
    '22 DELETE',
    '22 DELETE of what is kept',
    '23 UPDATE without WHERE',
    '24 upsert on a foreign key',
    '25 ON CONFLICT DO NOTHING on a foreign key',
    '26 MERGE that inserts',
    '26 MERGE that updates',
    '27 INSERT SELECT from another tenant',
    '28 COPY FROM',
    '28 COPY FROM without a grant',
    '29 TRUNCATE',
    '30 INSERT without tenant_id',
  ],
  async run(attack) {
    for (const access of accessesTo(attack.tables)) {
      if (access.inserts) await attackInserts(attack, access);
      if (access.updates) await attackUpdates(attack, access);
      await attackWithoutGrants(attack, access);
    }
  },
  saboteurs: [
    sabotage(
      { name: 'one table takes any row', mentions: '19 INSERT as another tenant, variants', tables: ['variants'] },
      'ALTER POLICY scope_insert ON kf.variants WITH CHECK (true)',
    ),
    sabotage(
      {
        name: 'row security is disabled on one table',
        mentions: '19 INSERT as another tenant, approvals',
        tables: ['approvals'],
      },
      'ALTER TABLE kf.approvals DISABLE ROW LEVEL SECURITY',
    ),
    sabotage(
      { name: 'updates may touch every row', mentions: '23 UPDATE without WHERE, variants', tables: ['variants'] },
      'ALTER POLICY scope_update ON kf.variants USING (true) WITH CHECK (true)',
      'ALTER TABLE kf.variants DROP CONSTRAINT variants_receipt_id_written_in_fkey',
    ),
    sabotage(
      {
        name: 'a row may be moved to another tenant',
        mentions: '20 UPDATE that moves to another tenant, approvals',
        tables: ['approvals'],
      },
      'GRANT UPDATE ON kf.approvals TO kf_command',
      'ALTER POLICY scope_update ON kf.approvals WITH CHECK (true)',
      'ALTER TABLE kf.approvals DROP CONSTRAINT approvals_receipt_id_written_in_fkey',
      'ALTER TABLE kf.approval_votes DROP CONSTRAINT approval_votes_approval_id_requested_by_fkey',
      // Otherwise the row would have to stay visible to the statement that moves it.
      'ALTER POLICY scope_select ON kf.approvals USING (true)',
    ),
    sabotage(
      { name: 'entities may be deleted', mentions: '22 DELETE, variants as kf_command', tables: ['variants'] },
      'GRANT DELETE ON kf.variants TO kf_command',
      'ALTER TABLE kf.variants DISABLE TRIGGER refuse_change',
    ),
    sabotage(
      {
        name: 'young history may be removed',
        mentions: '22 DELETE of what is kept, webhook_attempts as kf_delivery',
        tables: ['webhook_attempts'],
      },
      `ALTER POLICY expiry_delete ON kf.webhook_attempts USING (${scopePredicate})`,
    ),
    sabotage(
      {
        name: 'others may remove history',
        mentions: '22 DELETE, webhook_attempts as kf_command',
        tables: ['webhook_attempts'],
      },
      'GRANT DELETE ON kf.webhook_attempts TO kf_command',
    ),
    sabotage(
      {
        name: 'a queue may be truncated',
        mentions: '29 TRUNCATE, expiry_schedule as kf_command',
        tables: ['expiry_schedule'],
      },
      'GRANT TRUNCATE ON kf.expiry_schedule TO kf_command',
    ),
    sabotage(
      {
        name: 'readers may insert',
        mentions: '19 INSERT without a grant, expiry_schedule as kf_read',
        tables: ['expiry_schedule'],
      },
      'GRANT INSERT ON kf.expiry_schedule TO kf_read',
    ),
    sabotage(
      {
        name: 'an insert policy is missing, so that its refusals prove nothing',
        mentions: '19 control in its own scope, variants',
        tables: ['variants'],
      },
      'DROP POLICY scope_insert ON kf.variants',
    ),
  ],
});

import { type RuntimeRole, tableOf } from '@karmanflow/schema';
import { accessOf, writerOf } from '../attacks/access.ts';
import { type Attack, attackCheck } from '../attacks/attack-check.ts';
import { changeOf } from '../attacks/change-of.ts';
import type { Check } from '../harness/check.ts';
import { sabotage } from '../harness/sabotage.ts';
import { asRole } from '../harness/session.ts';
import { conditionOf, insertOf, primaryKeyOf, qualified } from '../world/statements.ts';
import { tablesInOrder } from '../world/tables-in-order.ts';
import { issueReceipt, newRow } from '../world/world.ts';

/** From one environment of a tenant: reading, adding and changing rows of its other environment. */
async function reachAcross({ target, world, expect, tables }: Attack): Promise<void> {
  for (const table of tables.filter((name) => tableOf(name).scope === 'environment')) {
    const role = writerOf(table);
    const { reads: mayRead, updates, overlooks } = accessOf(role, table);
    const reads = mayRead && !overlooks;
    const row = world.sibling.rows.rival[table] ?? world.sibling.rows.shared[table] ?? {};
    const key = conditionOf(
      primaryKeyOf(table).filter((column) => column in row),
      row,
    );
    await asRole(target, role, async (session) => {
      await session.enter(world.sibling);
      const receiptId = await issueReceipt(session, world, world.sibling);
      const theirs = insertOf(table, newRow(world, table, { place: world.sibling, receiptId }));
      expect.allowed(
        { caseName: 'control: INSERT from there', where: table },
        await session.probe(theirs.sql, theirs.values),
      );
      const seen = `SELECT FROM ${qualified(table)} WHERE ${key.sql}`;
      if (reads)
        expect.rowCount(
          { caseName: 'control: SELECT from there', where: table },
          await session.probe(seen, key.values),
          1,
        );

      await session.enter(world.here);
      expect.refused(
        { caseName: 'INSERT into another environment', where: table },
        await session.probe(theirs.sql, theirs.values),
        '42501',
      );
      if (reads)
        expect.rowCount(
          { caseName: 'SELECT from another environment', where: table },
          await session.probe(seen, key.values),
          0,
        );
      if (!updates) return;
      const ownReceipt = await issueReceipt(session, world, world.here);
      const shifted = conditionOf(primaryKeyOf(table), row, 2);
      const update = `UPDATE ${qualified(table)} SET ${changeOf(table, '$1::uuid')} WHERE ${shifted.sql}`;
      const outcome = await session.probe(update, [ownReceipt, ...shifted.values]);
      expect.rowCount({ caseName: 'UPDATE in another environment', where: table }, outcome, 0);
    });
  }
}

/** The same ids and natural keys may stand in both environments, except the idempotency key, which is the tenant's. */
async function copyTheSibling({ target, world, expect }: Attack): Promise<void> {
  for (const writer of new Set(tablesInOrder().map(writerOf))) {
    await copyAs(writer, { target, world, expect });
  }
  await asRole(target, 'kf_command', async (session) => {
    await session.enter(world.here);
    const row = { ...world.sibling.rows.rival.command_receipts, environment_id: world.here.environmentId };
    const { sql, values } = insertOf('command_receipts', row);
    const attempt = { caseName: 'control: idempotency keys are the tenant’s', where: 'command_receipts' };
    expect.refused(attempt, await session.probe(sql, values), '23505');
  });
}

async function copyAs(
  writer: RuntimeRole,
  { target, world, expect }: Pick<Attack, 'target' | 'world' | 'expect'>,
): Promise<void> {
  await asRole(target, writer, async (session) => {
    await session.enter(world.here);
    for (const table of tablesInOrder().filter((name) => writerOf(name) === writer)) {
      const row = world.sibling.rows.rival[table];
      if (!row) continue;
      const { sql, values } = insertOf(table, {
        ...row,
        environment_id: world.here.environmentId,
        ...tenantWide[table],
      });
      const outcome = await session.probe(sql, values);
      expect.allowed({ caseName: 'same keys in both environments', where: table }, outcome);
      if (outcome.refused) return;
      await session.perform(sql, values);
    }
  });
}

const tenantWide: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  command_receipts: { idempotency_key_hash: null },
  log_leaves: { leaf_index: 2_000_000 },
};

export const rowAttacks: Check = attackCheck({
  id: 'environment-scope.rows-separate',
  claim: 'In one environment, rows of the tenant’s other environments cannot be read, added, changed or noticed.',
  mechanism:
    'environment_id in every policy and every key; idempotency keys and leaf indices are the declared exceptions',
  cases: [
    'control: INSERT from there',
    'control: SELECT from there',
    'INSERT into another environment',
    'SELECT from another environment',
    'UPDATE in another environment',
    'same keys in both environments',
    'control: idempotency keys are the tenant’s',
  ],
  async run(attack) {
    await reachAcross(attack);
    await copyTheSibling(attack);
  },
  saboteurs: [
    sabotage(
      {
        name: 'a select policy forgets the environment',
        mentions: 'SELECT from another environment, variants',
        tables: ['variants'],
      },
      "ALTER POLICY scope_select ON kf.variants USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid)",
    ),
    sabotage(
      {
        name: 'an insert policy forgets the environment',
        mentions: 'INSERT into another environment, variants',
        tables: ['variants'],
      },
      "ALTER POLICY scope_insert ON kf.variants WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and written_in = pg_current_xact_id())",
    ),
    sabotage(
      {
        name: 'a unique key spans environments',
        mentions: 'same keys in both environments, variants',
        tables: ['variants'],
      },
      'CREATE UNIQUE INDEX ON kf.variants (tenant_id, id)',
    ),
  ],
});

import { runtimeRoles, type TableName, tableOf } from '@karmanflow/schema';
import { type Access, accessesTo, accessOf } from '../attacks/access.ts';
import { type Attack, attackCheck } from '../attacks/attack-check.ts';
import { changeableColumn, conditionOf, insertOf, primaryKeyOf, qualified } from '../world/statements.ts';
import type { Check } from '../harness/check.ts';
import { sabotage } from '../harness/sabotage.ts';
import { asRole, type Session } from '../harness/session.ts';
import { homeOf, issueReceipt, newRow, type Place, placeForNewRow, sharedRow, type World } from '../world/world.ts';

const isTied = (table: TableName): boolean => ['entity', 'ledger'].includes(tableOf(table).kind);

interface OldReceipt {
  readonly id: string;
  /** The transaction that wrote it, as the database knows it. */
  readonly writtenIn: string;
}

async function oldReceiptIn(session: Session, place: Place): Promise<OldReceipt> {
  const id = String(sharedRow(place, 'command_receipts')['id']);
  const { rows } = await session.perform('SELECT written_in::text FROM kf.command_receipts WHERE id = $1', [id]);
  return { id, writtenIn: String(rows[0]?.['written_in']) };
}

/** A row without a receipt of its own transaction, tenant and environment. */
async function insertWithout({ target, world, expect }: Attack, { role, table }: Access): Promise<void> {
  const home = homeOf(world, table);
  const place = placeForNewRow(world, table, home);
  const where = `${table} as ${role}`;
  await asRole(target, role, async (session) => {
    const elsewhere = await receiptsElsewhere(session, world, place);
    await session.enter(home);
    const old = await oldReceiptIn(session, home);
    await session.enter(place);
    const row = newRow(world, table, { place, receiptId: await issueReceipt(session, world, place) });
    const insert = (changed: Readonly<Record<string, unknown>>): ReturnType<Session['probe']> => {
      const { sql, values } = insertOf(table, { ...row, ...changed });
      return session.probe(sql, values);
    };
    const key = { sqlState: '23503', constraint: `${table}_receipt_id_written_in_fkey` };
    expect.allowed({ caseName: 'control: INSERT with its receipt', where }, await insert({}));
    expect.refusedBy({ caseName: 'INSERT with an old receipt', where }, await insert({ receipt_id: old.id }), key);
    expect.refusedBy(
      { caseName: 'INSERT with a receipt that does not exist', where },
      await insert({ receipt_id: world.newId() }),
      key,
    );
    expect.refused({ caseName: 'INSERT without a receipt', where }, await insert({ receipt_id: null }), '23502');
    const forged = await insert({ receipt_id: old.id, written_in: old.writtenIn });
    expect.refused({ caseName: 'INSERT with an old receipt and its transaction', where }, forged, '42501');
    const ahead = await insert({ written_in: '9000000000000000000' });
    expect.refused({ caseName: 'INSERT with a transaction to come', where }, ahead, '42501');
    for (const receiptId of elsewhere) {
      expect.refusedBy(
        { caseName: 'INSERT with a receipt given elsewhere', where },
        await insert({ receipt_id: receiptId }),
        key,
      );
    }
  });
}

/** Receipts of this very transaction, given in another environment and to another tenant. */
async function receiptsElsewhere(session: Session, world: World, place: Place): Promise<string[]> {
  const others = [world.sibling, world.stranger].filter(({ environmentId }) => environmentId !== place.environmentId);
  const ids: string[] = [];
  for (const other of others) {
    await session.enter(other);
    ids.push(await issueReceipt(session, world, other));
  }
  return ids;
}

async function updateWithout({ target, world, expect }: Attack, { role, table }: Access): Promise<void> {
  const home = homeOf(world, table);
  const where = `${table} as ${role}`;
  await asRole(target, role, async (session) => {
    await session.enter(home);
    const receiptId = await issueReceipt(session, world, home);
    const old = await oldReceiptIn(session, home);
    const key = conditionOf(primaryKeyOf(table), sharedRow(home, table));
    const column = changeableColumn(table);
    const update = (changes: string): ReturnType<Session['probe']> =>
      session.probe(`UPDATE ${qualified(table)} SET ${column} = ${column}${changes} WHERE ${key.sql}`, key.values);
    const now = ', written_in = pg_current_xact_id()';
    const constraint = { sqlState: '23503', constraint: `${table}_receipt_id_written_in_fkey` };
    expect.rowCount(
      { caseName: 'control: UPDATE with its receipt', where },
      await update(`${now}, receipt_id = '${receiptId}'`),
      1,
    );
    expect.refused({ caseName: 'UPDATE that keeps the old pair', where }, await update(''), '42501');
    expect.refused(
      { caseName: 'UPDATE that keeps the old transaction', where },
      await update(`, receipt_id = '${receiptId}'`),
      '42501',
    );
    const oldPair = `, receipt_id = '${old.id}', written_in = '${old.writtenIn}'`;
    expect.refused({ caseName: 'UPDATE with an old pair', where }, await update(oldPair), '42501');
    expect.refusedBy(
      { caseName: 'UPDATE with an old receipt', where },
      await update(`${now}, receipt_id = '${old.id}'`),
      constraint,
    );
    expect.refusedBy({ caseName: 'UPDATE that keeps the old receipt', where }, await update(now), constraint);
  });
}

/** The receipt itself belongs to the transaction that writes it. */
async function forgeReceipts({ target, world, expect }: Attack, { role, table }: Access): Promise<void> {
  await asRole(target, role, async (session) => {
    await session.enter(world.here);
    const old = await oldReceiptIn(session, world.here);
    const row = newRow(world, table, { place: world.here, receiptId: '' });
    for (const writtenIn of [old.writtenIn, '9000000000000000000']) {
      const { sql, values } = insertOf(table, { ...row, written_in: writtenIn });
      expect.refused(
        { caseName: 'receipt with a forged transaction', where: role },
        await session.probe(sql, values),
        '42501',
      );
    }
    const honest = insertOf(table, row);
    expect.allowed(
      { caseName: 'control: honest receipt', where: role },
      await session.probe(honest.sql, honest.values),
    );
  });
}

async function neverDelete({ target, evidence, tables }: Attack): Promise<void> {
  for (const role of runtimeRoles) {
    await asRole(target, role, async (session) => {
      for (const table of tables.filter((name) => tableOf(name).kind !== 'queue')) {
        evidence.see('DELETE privilege');
        // A projection of which history expires is neither an entity nor a ledger.
        const forbidden = accessOf(role, table).expires ? 'TRUNCATE' : 'DELETE, TRUNCATE';
        const { rows } = await session.perform(
          `SELECT has_table_privilege('${qualified(table)}', '${forbidden}') AS may`,
        );
        if (rows[0]?.['may'] !== false) evidence.violation(`DELETE privilege: ${role} may delete from ${table}`);
      }
    });
  }
}

export const receiptAttacks: Check = attackCheck({
  id: 'command-only-writes.receipt-required',
  claim:
    'No row of an entity or ledger is added or changed without a receipt of the same transaction, tenant and environment; none is deleted.',
  mechanism:
    'written_in in the policies, a foreign key on (tenant, environment, receipt, transaction), no DELETE grant; tried for each role and table',
  cases: [
    'control: INSERT with its receipt',
    'INSERT with an old receipt',
    'INSERT with a receipt that does not exist',
    'INSERT without a receipt',
    'INSERT with an old receipt and its transaction',
    'INSERT with a transaction to come',
    'INSERT with a receipt given elsewhere',
    'control: UPDATE with its receipt',
    'UPDATE that keeps the old pair',
    'UPDATE that keeps the old transaction',
    'UPDATE with an old pair',
    'UPDATE with an old receipt',
    'UPDATE that keeps the old receipt',
    'receipt with a forged transaction',
    'control: honest receipt',
    'DELETE privilege',
  ],
  async run(attack) {
    for (const access of accessesTo(attack.tables)) {
      const { table, inserts, updates } = access;
      if (isTied(table) && inserts) await insertWithout(attack, access);
      if (isTied(table) && updates) await updateWithout(attack, access);
      if (tableOf(table).kind === 'receipt' && inserts) await forgeReceipts(attack, access);
    }
    await neverDelete(attack);
  },
  saboteurs: [
    sabotage(
      {
        name: 'the key to the receipt is dropped',
        mentions: 'INSERT with an old receipt, variants',
        tables: ['variants'],
      },
      'ALTER TABLE kf.variants DROP CONSTRAINT variants_receipt_id_written_in_fkey',
    ),
    sabotage(
      {
        name: 'an insert policy forgets the transaction',
        mentions: 'INSERT with an old receipt and its transaction, stock_movements',
        tables: ['stock_movements'],
      },
      "ALTER POLICY scope_insert ON kf.stock_movements WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid)",
    ),
    sabotage(
      {
        name: 'an update policy forgets the transaction',
        mentions: 'UPDATE that keeps the old pair, inventory_levels',
        tables: ['inventory_levels'],
      },
      "ALTER POLICY scope_update ON kf.inventory_levels WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid)",
    ),
    sabotage(
      {
        name: 'receipts may claim any transaction',
        mentions: 'receipt with a forged transaction, kf_ingest',
        tables: ['command_receipts'],
      },
      "ALTER POLICY scope_insert ON kf.command_receipts WITH CHECK (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid and environment_id = nullif(current_setting('kf.environment_id', true), '')::uuid)",
    ),
    sabotage(
      { name: 'rows need no receipt', mentions: 'INSERT without a receipt, locations', tables: ['locations'] },
      'ALTER TABLE kf.locations ALTER COLUMN receipt_id DROP NOT NULL',
    ),
    sabotage(
      { name: 'DELETE is granted', mentions: 'kf_command may delete from variants', tables: ['variants'] },
      'GRANT DELETE ON kf.variants TO kf_command',
    ),
  ],
});

import { columnsOf, ownerRole, refusedStatementsOf, runtimeRoles, type TableName } from '@karmanflow/schema';
import { accessOf } from '../attacks/access.ts';
import { type Attack, attackCheck } from '../attacks/attack-check.ts';
import type { Check } from '../harness/check.ts';
import { sabotage } from '../harness/sabotage.ts';
import { asAdministrator, asRole, type Session } from '../harness/session.ts';
import { insertOf, primaryKeyOf, qualified } from '../world/statements.ts';
import { homeOf, sharedRow } from '../world/world.ts';

interface Change {
  readonly kind: string;
  readonly sql: string;
  readonly values?: readonly unknown[];
}

/** Every way to change or remove what a table refuses to change or remove. */
function changesOf(table: TableName, row: Readonly<Record<string, unknown>>): readonly Change[] {
  const from = qualified(table);
  const refused = refusedStatementsOf(table);
  const removals: Change[] = [
    { kind: 'DELETE', sql: `DELETE FROM ${from}` },
    { kind: 'TRUNCATE', sql: `TRUNCATE ${from} CASCADE` },
    { kind: 'DELETE', sql: `MERGE INTO ${from} t USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE` },
  ];
  const changes = removals.filter(({ kind }) => refused.includes(kind));
  if (!refused.includes('UPDATE')) return changes;
  const key = primaryKeyOf(table).join(', ');
  const isTied = 'written_in' in columnsOf(table);
  const column = isTied ? 'written_in' : 'environment_id';
  const upsert = insertOf(table, row, ` ON CONFLICT (${key}) DO UPDATE SET ${column} = excluded.${column}`);
  return [
    ...changes,
    { kind: 'UPDATE', sql: `UPDATE ${from} SET tenant_id = tenant_id` },
    ...(isTied ? [{ kind: 'UPDATE', sql: `UPDATE ${from} SET written_in = pg_current_xact_id()` }] : []),
    {
      kind: 'UPDATE',
      sql: `MERGE INTO ${from} t USING (SELECT 1) s ON true WHEN MATCHED THEN UPDATE SET ${column} = t.${column}`,
    },
    { kind: 'UPDATE by upsert', sql: upsert.sql, values: upsert.values },
  ];
}

const guarded = (tables: readonly TableName[]): readonly TableName[] =>
  tables.filter((name) => refusedStatementsOf(name).length > 0);

async function tryChanges({ world, expect, tables }: Attack, session: Session, who: string): Promise<void> {
  for (const table of guarded(tables)) {
    const home = homeOf(world, table);
    await session.enter(home);
    for (const { kind, sql, values } of changesOf(table, sharedRow(home, table))) {
      const caseName = `${kind} as ${who}`;
      expect.refused({ caseName, where: `${table} by ${session.role}` }, await session.probe(sql, values), '42501');
    }
  }
}

async function asSuperuser(attack: Attack): Promise<void> {
  const { target, world, expect, evidence } = attack;
  const settings: [who: string, settings: string[]][] = [
    ['superuser', []],
    ['superuser in replica mode', ['SET LOCAL session_replication_role = replica']],
  ];
  for (const [who, statements] of settings) {
    await asAdministrator(target, { name: who, settings: [] }, async (session) => {
      const superuser = await session.probe('SELECT FROM pg_roles WHERE rolname = current_user AND rolsuper');
      if (superuser.rowCount === 0) return evidence.note(`${who}: not tried, the administrator is no superuser`);
      for (const statement of statements) await session.perform(statement);
      await tryChanges(attack, session, who);
      // Without this, a server that refuses everything would look safe.
      await session.enter(world.here);
      const entity = await session.probe(`UPDATE ${qualified('variants')} SET name = name`);
      expect.allowed({ caseName: `control: UPDATE of an entity as ${who}`, where: 'variants' }, entity);
    });
  }
}

/** A runtime role that may add a row to a ledger may still not change one: the grant itself is absent. */
async function withoutPrivilege({ target, evidence, tables }: Attack): Promise<void> {
  for (const role of runtimeRoles) {
    await asRole(target, role, async (session) => {
      for (const table of tables.filter((name) => refusedStatementsOf(name).includes('UPDATE'))) {
        evidence.see('privileges on ledgers');
        // What has expired may be removed; that it must have is the policy's to say.
        const forbidden = accessOf(role, table).expires ? 'UPDATE, TRUNCATE' : 'UPDATE, DELETE, TRUNCATE';
        const { rows } = await session.perform(`SELECT has_table_privilege('${qualified(table)}', '${forbidden}')
          OR has_any_column_privilege('${qualified(table)}', 'UPDATE') AS may`);
        if (rows[0]?.['may'] !== false) evidence.violation(`privileges on ledgers: ${role} may change ${table}`);
        if (accessOf(role, table).updates)
          evidence.violation(`privileges on ledgers: the registry lets ${role} update ${table}`);
      }
    });
  }
}

export const changeAttacks: Check = attackCheck({
  id: 'append-only.unchangeable',
  claim:
    'Receipts, events and ledgers are never updated, deleted or truncated, entities never deleted, and attempts to deliver never updated: not by a runtime role, the owner, or a superuser who leaves the triggers in place.',
  mechanism:
    'no grant, no policy, and a statement trigger that is always on; tried as each role, as the owner, as superuser, and in replica mode',
  administrator: true,
  cases: [
    'UPDATE as a runtime role',
    'DELETE as a runtime role',
    'TRUNCATE as a runtime role',
    'UPDATE by upsert as a runtime role',
    'UPDATE as the owner',
    'DELETE as the owner',
    'TRUNCATE as the owner',
    'UPDATE by upsert as the owner',
    'privileges on ledgers',
  ],
  async run(attack) {
    for (const role of runtimeRoles)
      await asRole(attack.target, role, (session) => tryChanges(attack, session, 'a runtime role'));
    const owner = { name: ownerRole, settings: [`SET LOCAL ROLE ${ownerRole}`] };
    await asAdministrator(attack.target, owner, (session) => tryChanges(attack, session, 'the owner'));
    await withoutPrivilege(attack);
    await asSuperuser(attack);
  },
  saboteurs: [
    sabotage(
      {
        name: 'a trigger is disabled',
        mentions: 'UPDATE as superuser, command_receipts',
        tables: ['command_receipts'],
      },
      'ALTER TABLE kf.command_receipts DISABLE TRIGGER refuse_change',
    ),
    sabotage(
      { name: 'a trigger is dropped', mentions: 'DELETE as superuser, domain_events', tables: ['domain_events'] },
      'DROP TRIGGER refuse_change ON kf.domain_events',
    ),
    sabotage(
      {
        name: 'a trigger is not always on',
        mentions: 'UPDATE as superuser in replica mode, stock_movements',
        tables: ['stock_movements'],
      },
      'ALTER TABLE kf.stock_movements ENABLE TRIGGER refuse_change',
    ),
    sabotage(
      {
        name: 'the trigger lets things pass',
        mentions: 'UPDATE as the owner, command_receipts',
        tables: ['command_receipts'],
      },
      'CREATE OR REPLACE FUNCTION kf.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$',
    ),
    sabotage(
      { name: 'a trigger forgets UPDATE', mentions: 'UPDATE as the owner, domain_events', tables: ['domain_events'] },
      'DROP TRIGGER refuse_change ON kf.domain_events',
      'CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON kf.domain_events FOR EACH STATEMENT EXECUTE FUNCTION kf.refuse_change()',
      'ALTER TABLE kf.domain_events ENABLE ALWAYS TRIGGER refuse_change',
    ),
    sabotage(
      {
        name: 'an attempt to deliver may be rewritten',
        mentions: 'kf_delivery may change webhook_attempts',
        tables: ['webhook_attempts'],
      },
      'GRANT UPDATE (outcome) ON kf.webhook_attempts TO kf_delivery',
    ),
    sabotage(
      {
        name: 'UPDATE of a ledger is granted',
        mentions: 'kf_worker may change stock_movements',
        tables: ['stock_movements'],
      },
      'GRANT UPDATE (reason) ON kf.stock_movements TO kf_worker',
    ),
  ],
});

import { columnsOf } from '@karmanflow/schema';
import { asRole, type Session } from '../harness/session.ts';
import { qualified } from '../world/statements.ts';
import { foreignHomeOf, homeOf, rowCountIn } from '../world/world.ts';
import type { Access } from './access.ts';
import type { Attack } from './attack-check.ts';

export const readsColumnsOnlyCases = [
  '02 a column without a grant',
  '02 granted columns in their own scope',
  'look-up: finds an identity of every tenant',
  'look-up: sees no row of another table',
] as const;

/** A role that was granted some columns of a table reads those, and no other, whoever's row it is. */
export async function readsColumnsOnly(attack: Attack, access: Access): Promise<void> {
  const { target, world, expect } = attack;
  const { role, table, readsColumns } = access;
  const from = qualified(table);
  const where = `${table} as ${role}`;
  await asRole(target, role, async (session) => {
    await session.enter(homeOf(world, table));
    const withheld = Object.keys(columnsOf(table)).filter((column) => !readsColumns.includes(column));
    for (const expression of [...withheld, '*', 't', 't::text', 'to_jsonb(t)']) {
      const attempt = { caseName: '02 a column without a grant', where: `${where}: ${expression}` };
      expect.refused(attempt, await session.probe(`SELECT ${expression} FROM ${from} t`), '42501');
    }
    for (const column of withheld) {
      const attempt = { caseName: '02 a column without a grant', where: `${where}: WHERE ${column}` };
      expect.refused(attempt, await session.probe(`SELECT tenant_id FROM ${from} WHERE ${column} IS NULL`), '42501');
    }
    if (access.looksUp) await looksUp(attack, session, access);
    else await staysInScope(attack, session, access);
  });
}

/** Without the one declared exception, what a role may read of a row is of its own tenant's and environment's rows. */
async function staysInScope({ world, expect }: Attack, session: Session, { role, table }: Access): Promise<void> {
  const attempt = { caseName: '02 granted columns in their own scope', where: `${table} as ${role}` };
  const home = homeOf(world, table);
  const seen = await session.probe(`SELECT tenant_id, environment_id FROM ${qualified(table)}`);
  expect.onlyRowsOf(attempt, seen, home);
  expect.rowCount(attempt, seen, rowCountIn(home, table));
}

/** The exception: rows of both tenants without any context. Its price is that nothing else is readable to this role. */
async function looksUp(attack: Attack, session: Session, { role, table }: Access): Promise<void> {
  const { world, expect, evidence } = attack;
  for (const place of [homeOf(world, table), foreignHomeOf(world, table)]) {
    const found = await session.probe(
      `SELECT tenant_id, environment_id FROM ${qualified(table)} WHERE tenant_id = $1`,
      [place.tenantId],
    );
    expect.onlyRowsOf(
      { caseName: 'look-up: finds an identity of every tenant', where: `${table} as ${role}` },
      found,
      place,
    );
  }
  const readable = await session.probe(
    `SELECT c.relname::text AS name FROM pg_class c WHERE c.relnamespace = 'kf'::regnamespace
       AND c.relkind = 'r' AND has_any_column_privilege(c.oid, 'SELECT')`,
  );
  evidence.see('look-up: sees no row of another table', readable.rowCount);
  for (const { name } of readable.rows) {
    if (name !== table) evidence.violation(`look-up: sees no row of another table: ${role} reads ${String(name)} too`);
  }
}

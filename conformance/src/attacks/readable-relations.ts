import { runtimeRoles, schemaName, tableNames } from '@karmanflow/schema';
import { asRole } from '../harness/session.ts';
import type { Attack } from './attack-check.ts';

const caseName = '17 and 18 readable relations';

/**
 * Whatever a role can read at all must be a declared table: a view, a partition or a table elsewhere would carry rows past
 * the policies. Asks the server for each role, rather than trusting the list of grants.
 */
export async function readableRelations({ target, evidence }: Attack): Promise<void> {
  for (const role of runtimeRoles) {
    const { rows } = await asRole(target, role, (session) =>
      session.probe(`
        select n.nspname as schema, c.relname as name, c.relkind::text as kind
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and n.nspname not in ('pg_catalog', 'information_schema')
          and has_schema_privilege(n.oid, 'usage')
          and case c.relkind when 'S' then has_sequence_privilege(c.oid, 'select, usage')
            else has_any_column_privilege(c.oid, 'select') end`),
    );
    evidence.see(caseName, rows.length);
    for (const row of rows) {
      const isDeclared =
        row['schema'] === schemaName && row['kind'] === 'r' && tableNames.some((name) => name === row['name']);
      if (!isDeclared)
        evidence.violation(`${caseName}: ${role} reads ${row['schema']}.${row['name']} of kind ${row['kind']}`);
    }
  }
}

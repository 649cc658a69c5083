import type { ClientBase } from 'pg';
import { schemaName } from '../tables/definition.ts';

/**
 * The schema that a database really has, as normalised text: what two databases must agree on to be the same. Committed as
 * packages/schema/schema.sql and proven equal to what the migrations make from nothing.
 */
export async function describeSchema(client: ClientBase): Promise<string> {
  const parts: string[] = [];
  for (const [title, sql] of Object.entries(queries)) {
    const { rows } = await client.query<{ line: string }>(sql, [schemaName]);
    parts.push(`-- ${title}\n${rows.map((row) => row.line).join('\n')}\n`);
  }
  return parts.join('\n');
}

const queries = {
  tables: `
    select format('table %s: owner %s, row security %s, forced %s%s', c.relname, pg_get_userbyid(c.relowner),
      c.relrowsecurity, c.relforcerowsecurity, coalesce(', ' || array_to_string(c.reloptions, ', '), '')) as line
    from pg_class c where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p', 'v', 'm') order by c.relname`,
  columns: `
    select format('column %s.%s %s%s%s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
      case when a.attnotnull then ' not null' else '' end,
      coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), ''),
      case a.attidentity when '' then '' else ' identity' end) as line
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p') order by c.relname, a.attnum`,
  constraints: `
    select format('constraint %s.%s %s', c.relname, k.conname, pg_get_constraintdef(k.oid)) as line
    from pg_constraint k join pg_class c on c.oid = k.conrelid
    where c.relnamespace = $1::regnamespace and k.contype <> 'n' order by c.relname, k.conname`,
  indexes: `
    select pg_get_indexdef(i.indexrelid) as line from pg_index i join pg_class c on c.oid = i.indexrelid
    where c.relnamespace = $1::regnamespace order by c.relname`,
  statistics: `
    select pg_get_statisticsobjdef(s.oid) as line from pg_statistic_ext s
    where s.stxnamespace = $1::regnamespace order by s.stxname`,
  policies: `
    select format('policy %s on %s for %s to %s%s%s%s', p.policyname, p.tablename, p.cmd, array_to_string(p.roles, ', '),
      case p.permissive when 'PERMISSIVE' then '' else ' RESTRICTIVE' end,
      coalesce(' using ' || p.qual, ''), coalesce(' with check ' || p.with_check, '')) as line
    from pg_policies p where p.schemaname = $1 order by p.tablename, p.policyname`,
  triggers: `
    select format('%s; enabled %s', pg_get_triggerdef(t.oid), t.tgenabled) as line
    from pg_trigger t join pg_class c on c.oid = t.tgrelid
    where c.relnamespace = $1::regnamespace and not t.tgisinternal order by c.relname, t.tgname`,
  functions: `
    select format('function %s owner %s security definer %s body %s', p.oid::regprocedure, pg_get_userbyid(p.proowner),
      p.prosecdef, md5(p.prosrc))
      as line from pg_proc p where p.pronamespace = $1::regnamespace order by p.proname`,
  // Without what owners have from Postgres 17 on: the same migrations make the same text on 16.
  grants: `
    select format('grant %s on %s to %s', x.privilege_type, c.relname, coalesce(r.rolname, 'PUBLIC')) as line
    from pg_class c cross join aclexplode(c.relacl) x left join pg_roles r on r.oid = x.grantee
    where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
      and (x.privilege_type <> 'MAINTAIN' or x.grantee <> c.relowner)
    order by c.relname, r.rolname, x.privilege_type`,
  'column grants': `
    select format('grant %s (%s) on %s to %s', x.privilege_type, string_agg(a.attname, ', ' order by a.attnum), c.relname,
      coalesce(r.rolname, 'PUBLIC')) as line
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attacl is not null
    cross join aclexplode(a.attacl) x left join pg_roles r on r.oid = x.grantee
    where c.relnamespace = $1::regnamespace
    group by c.relname, r.rolname, x.privilege_type order by c.relname, r.rolname, x.privilege_type`,
};

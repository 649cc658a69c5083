import type { LiveCatalogue } from './live-catalogue.ts';

const systemSchema = (column: string): string =>
  `${column} in ('pg_catalog', 'information_schema', 'pg_toast') or ${column} like 'pg\\_temp\\_%' or ${column} like 'pg\\_toast\\_temp\\_%'`;

const columnNames = (relation: string, numbers: string): string =>
  `array(select a.attname::text from unnest(${numbers}) with ordinality n (number, position)
    join pg_attribute a on a.attrelid = ${relation} and a.attnum = n.number order by n.position)`;

/** Functions of the server that change settings from inside an expression, read files or steer the server. */
const dangerousFunctions = `array(select p.oid::regprocedure::text from pg_proc p
  where p.pronamespace = 'pg_catalog'::regnamespace and has_function_privilege(r.oid, p.oid, 'execute')
    and p.proname in ('set_config', 'pg_read_file', 'pg_read_binary_file', 'pg_ls_dir', 'pg_stat_file', 'lo_import', 'lo_export',
      'pg_reload_conf', 'pg_rotate_logfile', 'pg_promote', 'pg_stat_reset', 'pg_get_shmem_allocations') order by 1)`;

/**
 * One query for each part of the catalogue. Only what every role may read is used, so that an auditor without an
 * administrator's account sees the same. $1 is the schema of the tables.
 */
export const catalogueQueries: Readonly<Record<keyof LiveCatalogue, string>> = {
  relations: `
    select n.nspname::text as schema, c.relname::text as name, c.relkind::text as kind, pg_get_userbyid(c.relowner)::text as owner,
      c.relrowsecurity as row_security, c.relforcerowsecurity as forced, c.relpersistence::text as persistence,
      c.relispartition as is_partition,
      exists (select from pg_inherits i where i.inhrelid = c.oid or i.inhparent = c.oid) as inherits,
      (select d.refobjid::regclass::text from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
        and d.refclassid = 'pg_class'::regclass and d.deptype = 'i' and c.relkind = 'S') as identity_of
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'c') and not (${systemSchema('n.nspname')}) and $1::text is not null
    order by 1, 2`,
  columns: `
    select c.relname::text as table, a.attname::text as name, format_type(a.atttypid, a.atttypmod) as type,
      a.attnotnull as not_null, pg_get_expr(d.adbin, d.adrelid) as default, a.attidentity <> '' as identity,
      a.attgenerated <> '' as generated
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p') order by 1, a.attnum`,
  constraints: `
    select c.relname::text as table, k.conname::text as name, k.contype::text as type,
      ${columnNames('k.conrelid', 'k.conkey')} as columns, tn.nspname::text as target_schema, t.relname::text as target,
      ${columnNames('k.confrelid', 'k.confkey')} as target_columns, k.confdeltype::text as on_delete,
      k.confupdtype::text as on_update, k.condeferrable as deferrable, k.convalidated as validated,
      coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true) as enforced, pg_get_expr(k.conbin, k.conrelid) as condition
    from pg_constraint k join pg_class c on c.oid = k.conrelid left join pg_class t on t.oid = k.confrelid
    left join pg_namespace tn on tn.oid = t.relnamespace
    where c.relnamespace = $1::regnamespace and k.contype <> 'n' order by 1, 2`,
  indexes: `
    select c.relname::text as table, x.relname::text as name,
      array(select a.attname::text from generate_series(0, i.indnkeyatts - 1) n
        left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[n] and a.attnum > 0 order by n) as columns,
      i.indisunique as unique, i.indisvalid and i.indisready and i.indislive as valid, m.amname::text as method,
      pg_get_expr(i.indpred, i.indrelid) as condition,
      array(select distinct o.amopopr::regoperator::text from unnest(i.indclass::oid[]) k (class)
        join pg_opclass oc on oc.oid = k.class join pg_amop o on o.amopfamily = oc.opcfamily
          and o.amoplefttype = oc.opcintype and o.amoprighttype = oc.opcintype
        join pg_operator op on op.oid = o.amopopr join pg_proc f on f.oid = op.oprcode
        where not f.proleakproof order by 1) as leaky
    from pg_index i join pg_class c on c.oid = i.indrelid join pg_class x on x.oid = i.indexrelid join pg_am m on m.oid = x.relam
    where c.relnamespace = $1::regnamespace order by 1, 2`,
  policies: `
    select p.tablename::text as table, p.policyname::text as name, p.cmd as command, p.permissive = 'PERMISSIVE' as permissive,
      p.roles::text[] as roles, p.qual as using, p.with_check as check
    from pg_policies p where p.schemaname = $1 order by 1, 2`,
  triggers: `
    select c.relname::text as table, t.tgname::text as name, t.tgisinternal as internal, t.tgenabled::text as enabled,
      t.tgtype & 2 <> 0 as before, t.tgtype & 1 <> 0 as for_each_row, t.tgqual is not null or t.tgnargs > 0 as conditional,
      array_remove(array[case when t.tgtype & 4 <> 0 then 'INSERT' end, case when t.tgtype & 16 <> 0 then 'UPDATE' end,
        case when t.tgtype & 8 <> 0 then 'DELETE' end, case when t.tgtype & 32 <> 0 then 'TRUNCATE' end], null) as events,
      p.oid::regproc::text as function
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid
    where c.relnamespace = $1::regnamespace order by 1, 2`,
  privileges: `
    select x.kind, x.object, x.column, pg_get_userbyid(x.owner)::text as owner, coalesce(r.rolname::text, 'PUBLIC') as role,
      (x.entry).privilege_type as privilege, (x.entry).is_grantable as grantable
    from (
      select case c.relkind when 'S' then 'sequence' else 'table' end as kind, c.relname::text as object, null::text as column,
        c.relowner as owner,
        aclexplode(coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner))) as entry
      from pg_class c where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
      union all
      select 'column', c.relname, a.attname, c.relowner, aclexplode(a.attacl) from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attacl is not null and not a.attisdropped
      where c.relnamespace = $1::regnamespace
      union all
      select 'schema', n.nspname, null, n.nspowner, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner)))
      from pg_namespace n where not (${systemSchema('n.nspname')})
      union all
      select 'function', p.oid::regprocedure::text, null, p.proowner, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner)))
      from pg_proc p where p.oid = 'pg_catalog.set_config(text,text,boolean)'::regprocedure
      union all
      select 'database', d.datname, null, d.datdba, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba)))
      from pg_database d where d.datname = current_database()
      union all
      select 'parameter', p.parname, null, 10, aclexplode(p.paracl) from pg_parameter_acl p
      union all
      select 'default', coalesce(n.nspname, 'every schema'), d.defaclobjtype::text, d.defaclrole, aclexplode(d.defaclacl)
      from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace
    ) x left join pg_roles r on r.oid = (x.entry).grantee order by 1, 2, 3, 5, 6`,
  statistics: `
    select s.stxrelid::regclass::text as table, pg_get_userbyid(s.stxowner)::text as owner, s.stxkind::text[] as kinds,
      ${columnNames('s.stxrelid', 's.stxkeys::int2[]')} as columns
    from pg_statistic_ext s where s.stxnamespace = $1::regnamespace order by 1`,
  routines: `
    select n.nspname::text as schema, p.oid::regprocedure::text as name, pg_get_userbyid(p.proowner)::text as owner,
      p.prosecdef as definer, p.proleakproof as leakproof, ${systemSchema('n.nspname')} as in_system, p.prosrc as source
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where (p.oid >= 16384 or not (${systemSchema('n.nspname')})) and $1::text is not null
    order by 1, 2`,
  roles: `
    select r.rolname::text as name, r.rolsuper as super, r.rolbypassrls as bypass_rls, r.rolcreaterole as create_role,
      r.rolcreatedb as create_db, r.rolreplication as replication, r.rolcanlogin as login,
      array(select pg_get_userbyid(m.roleid)::text from pg_auth_members m where m.member = r.oid order by 1) as member_of,
      array(select 'relation ' || c.oid::regclass::text from pg_class c where c.relowner = r.oid
        union all select 'function ' || p.oid::regprocedure::text from pg_proc p where p.proowner = r.oid
        union all select 'schema ' || n.nspname from pg_namespace n where n.nspowner = r.oid
        union all select 'database ' || d.datname from pg_database d where d.datdba = r.oid
        union all select 'type ' || t.typname from pg_type t where t.typowner = r.oid and t.typrelid = 0 and t.typelem = 0
        union all select 'large object ' || l.oid from pg_largeobject_metadata l where l.lomowner = r.oid) as owns,
      array(select unnest(s.setconfig) from pg_db_role_setting s where s.setrole in (r.oid, 0)
        and s.setdatabase in (0, (select oid from pg_database where datname = current_database())) order by 1) as settings,
      ${dangerousFunctions} as dangerous_functions
    from pg_roles r where r.rolname like 'kf\\_%' and $1::text is not null order by 1`,
  others: `
    select what, schema, name from (
      select case t.typtype when 'e' then 'enum' when 'd' then 'domain' when 'r' then 'range' else 'type' end as what,
        n.nspname::text as schema, t.typname::text as name
      from pg_type t join pg_namespace n on n.oid = t.typnamespace
      where t.typtype in ('e', 'd', 'r') or (t.typtype = 'b' and t.typelem = 0)
      union all select 'rule', r.schemaname::text, r.tablename || '.' || r.rulename from pg_rules r
      union all select 'schema', n.nspname::text, n.nspname::text from pg_namespace n
      union all select 'operator', n.nspname::text, o.oprname::text from pg_operator o join pg_namespace n on n.oid = o.oprnamespace
      union all select 'collation', n.nspname::text, o.collname::text from pg_collation o join pg_namespace n on n.oid = o.collnamespace
    ) x where not (${systemSchema('schema')}) and $1::text is not null
    union all select 'event trigger', '', evtname::text from pg_event_trigger
    union all select 'publication', '', pubname::text from pg_publication
    union all select 'foreign server', '', srvname::text from pg_foreign_server
    union all select 'cast', '', castsource::regtype || ' as ' || casttarget::regtype from pg_cast where oid >= 16384
    order by 1, 2, 3`,
  settings: `
    select name, coalesce(current_setting(name, true), '') as value
    from unnest(array['session_replication_role', 'row_security', 'allow_system_table_mods', 'kf.tenant_id', 'kf.environment_id'])
      as name where $1::text is not null`,
};

import type { ClientBase } from 'pg';
import { type RuntimeRole, schemaName } from '../tables/definition.ts';
import { tableNames, tableOf } from '../tables/registry.ts';

export interface BootFinding {
  readonly code: string;
  readonly detail: string;
  /** fatal: refuse to start anywhere · caution: refuse to start outside the local profile. */
  readonly severity: 'fatal' | 'caution';
}

export interface BootExpectation {
  readonly role: RuntimeRole;
  /** The newest migration that this process was built against. */
  readonly migration: string;
}

/** Fixes for reading past row-level security and code execution: 18.6, 17.11, 16.15 (CVE-2026-16239 and those before it). */
const securityFloor: Readonly<Record<number, number>> = { 16: 160_015, 17: 170_011, 18: 180_006 };

/**
 * What must hold before a process may serve: its role can neither step around row-level security nor own, create or
 * become anything, the schema is at least as new as the code, and without a context every table looks empty.
 */
export async function checkBoot(client: ClientBase, expected: BootExpectation): Promise<BootFinding[]> {
  return [
    ...(await checkRole(client, expected.role)),
    ...(await checkServer(client)),
    ...(await checkSchema(client, expected)),
  ];
}

const fatal = (code: string, detail: string): BootFinding => ({ code, detail, severity: 'fatal' });
const caution = (code: string, detail: string): BootFinding => ({ code, detail, severity: 'caution' });

async function checkRole(client: ClientBase, role: RuntimeRole): Promise<BootFinding[]> {
  const { rows } = await client.query<Record<string, string | boolean>>(`
    select current_user::text as role, session_user::text as session, r.rolsuper, r.rolbypassrls, r.rolcreaterole,
      r.rolcreatedb, r.rolreplication,
      exists (select from pg_auth_members m where m.member = r.oid) as member,
      exists (select from pg_class c where c.relowner = r.oid) or exists (select from pg_namespace n where n.nspowner = r.oid)
        or exists (select from pg_proc p where p.proowner = r.oid) or exists (select from pg_database d where d.datdba = r.oid)
        as owner,
      has_function_privilege('pg_catalog.set_config(text, text, boolean)', 'execute') as set_config,
      has_database_privilege(current_database(), 'create') or has_database_privilege(current_database(), 'temporary')
        as creates
    from pg_roles r where r.rolname = current_user`);
  const row = rows[0] ?? {};
  const findings: BootFinding[] = [];
  if (row['role'] !== role || row['session'] !== role) {
    findings.push(
      fatal('role_unexpected', `logged in as ${row['session']}, acting as ${row['role']}, expected ${role}`),
    );
  }
  for (const attribute of ['rolsuper', 'rolbypassrls', 'rolcreaterole', 'rolcreatedb', 'rolreplication']) {
    if (row[attribute] !== false) findings.push(fatal('role_privileged', `${role} has ${attribute}`));
  }
  if (row['member'] !== false) findings.push(fatal('role_member', `${role} is a member of another role`));
  if (row['owner'] !== false) findings.push(fatal('role_owner', `${role} owns objects of the database`));
  if (row['creates'] !== false) findings.push(fatal('role_creates', `${role} may create schemas or temporary tables`));
  if (row['set_config'] !== false) {
    findings.push(
      caution('set_config_allowed', `${role} may call set_config(): injected SQL could change its context`),
    );
  }
  return findings;
}

async function checkServer(client: ClientBase): Promise<BootFinding[]> {
  const { rows } = await client.query<{ version: string; durable: string }>(
    "select current_setting('server_version_num') as version, current_setting('synchronous_commit') as durable",
  );
  const version = Number(rows[0]?.version);
  const floor = securityFloor[Math.floor(version / 10_000)];
  const findings: BootFinding[] = [];
  if (floor === undefined) findings.push(fatal('server_version', `Postgres ${version} is not one of 16, 17, 18`));
  else if (version < floor)
    findings.push(caution('server_outdated', `Postgres ${version} lacks security fixes of ${floor}`));
  if (rows[0]?.durable !== 'on') {
    findings.push(
      caution('commits_not_durable', `synchronous_commit is ${rows[0]?.durable}: a crash loses acknowledged work`),
    );
  }
  return findings;
}

async function checkSchema(client: ClientBase, expected: BootExpectation): Promise<BootFinding[]> {
  const { rows } = await client.query<{ migration: string | null }>(
    'select (select obj_description(n.oid) from pg_namespace n where n.nspname = $1) as migration',
    [schemaName],
  );
  const migration = rows[0]?.migration ?? '';
  if (migration < expected.migration) {
    return [
      fatal('schema_outdated', `schema is at "${migration}", this build needs ${expected.migration}: migrate first`),
    ];
  }
  const findings: BootFinding[] = [];
  for (const name of tableNames) {
    const { read = [], drain, overview } = tableOf(name).grants;
    if (!read.includes(expected.role) || drain === expected.role || overview?.includes(expected.role)) continue;
    const seen = await client.query(`select from ${schemaName}.${name} limit 1`);
    if (seen.rowCount !== 0)
      findings.push(fatal('rows_without_context', `${name} shows rows without a tenant context`));
  }
  return findings;
}

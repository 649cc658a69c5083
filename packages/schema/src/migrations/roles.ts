import type { ClientBase } from 'pg';
import { ownerRole, type RuntimeRole, runtimeRoles } from '../tables/definition.ts';

export type RolePasswords = Readonly<Record<RuntimeRole, string>>;

/**
 * Creates the roles of the cluster and sets their passwords. Safe to repeat. The administrator must be a superuser or have
 * CREATEROLE. New roles have none of SUPERUSER, BYPASSRLS, CREATEROLE and CREATEDB by default; the boot guard checks it.
 */
export async function ensureRoles(admin: ClientBase, passwords: RolePasswords): Promise<void> {
  const { rows } = await admin.query<{ rolname: string }>('select rolname from pg_roles where rolname like $1', [
    'kf\\_%',
  ]);
  const present = new Set(rows.map((row) => row.rolname));
  if (!present.has(ownerRole)) await admin.query(`CREATE ROLE ${ownerRole} NOLOGIN NOINHERIT`);
  for (const role of runtimeRoles) {
    if (!present.has(role)) await admin.query(`CREATE ROLE ${role} LOGIN NOINHERIT`);
    await admin.query(`ALTER ROLE ${role} PASSWORD ${admin.escapeLiteral(passwords[role])}`);
  }
}

export interface DatabasePreparation {
  /** False where the platform does not let us take set_config away from PUBLIC; isolation then rests on clean SQL alone. */
  readonly setConfigRevoked: boolean;
}

/** Grants and revocations of the database itself. Safe to repeat. Needs the owner of the database. */
export async function prepareDatabase(admin: ClientBase): Promise<DatabasePreparation> {
  const { rows } = await admin.query<{ name: string; superuser: boolean }>(
    'select current_database() as name, rolsuper as superuser from pg_roles where rolname = current_user',
  );
  const database = admin.escapeIdentifier(rows[0]?.name ?? '');
  const superuser = rows[0]?.superuser ?? false;
  await admin.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
  await admin.query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
  await admin.query(`GRANT CONNECT ON DATABASE ${database} TO ${runtimeRoles.join(', ')}`);
  await admin.query(`GRANT CONNECT, CREATE ON DATABASE ${database} TO ${ownerRole}`);
  // The migrator acts as the owner, which a superuser may do without being a member.
  if (!superuser) await admin.query(`GRANT ${ownerRole} TO CURRENT_USER`);
  if (!superuser) return { setConfigRevoked: false };
  await admin.query('REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC');
  // Large objects belong to no tenant: nobody may make any.
  await admin.query(
    'REVOKE EXECUTE ON FUNCTION pg_catalog.lo_creat(integer), pg_catalog.lo_create(oid),' +
      ' pg_catalog.lo_from_bytea(oid, bytea) FROM PUBLIC',
  );
  return { setConfigRevoked: true };
}

import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';
import { ownerRole, runtimeRoles, schemaName } from '../tables/definition.ts';
import { type Migration, migrations } from './list.ts';

const bookkeeping = 'kf_migrations';
/** Any constant will do: it keeps two migrators of one database apart. */
const migratorLock = 4_711_001;

export interface MigrationReport {
  readonly applied: readonly string[];
  readonly alreadyThere: readonly string[];
}

function hashOf(migration: Migration): string {
  return createHash('sha256').update(migration.sql).digest('hex');
}

/**
 * Applies what is missing, each migration in a transaction of its own, as the owner role.
 *
 * Safe while the service runs: a migration waits at most three seconds for a lock and then fails whole, to be tried again,
 * rather than queueing every command behind it. Row security is off, so that a data change which policies would
 * silently filter is an error. Throws when an applied migration differs from the one in the tree.
 */
export async function migrate(admin: ClientBase, list: readonly Migration[] = migrations): Promise<MigrationReport> {
  await admin.query('select pg_advisory_lock($1)', [migratorLock]);
  try {
    await prepareBookkeeping(admin);
    return await applyMissing(admin, list);
  } finally {
    await admin.query('select pg_advisory_unlock($1)', [migratorLock]);
  }
}

async function prepareBookkeeping(admin: ClientBase): Promise<void> {
  await admin.query(`SET ROLE ${ownerRole}`);
  try {
    await admin.query(`CREATE SCHEMA IF NOT EXISTS ${bookkeeping}`);
    await admin.query(`CREATE TABLE IF NOT EXISTS ${bookkeeping}.applied
      (name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`);
    await admin.query(`CREATE SCHEMA IF NOT EXISTS ${schemaName}`);
    await admin.query(`GRANT USAGE ON SCHEMA ${schemaName} TO ${runtimeRoles.join(', ')}`);
  } finally {
    await admin.query('RESET ROLE');
  }
}

async function applyMissing(admin: ClientBase, list: readonly Migration[]): Promise<MigrationReport> {
  const { rows } = await admin.query<{ name: string; sha256: string }>(
    `select name, sha256 from ${bookkeeping}.applied`,
  );
  const known = new Map(rows.map((row) => [row.name, row.sha256]));
  const applied: string[] = [];
  const alreadyThere: string[] = [];
  for (const migration of list) {
    const sha256 = hashOf(migration);
    const before = known.get(migration.name);
    if (before !== undefined && before !== sha256) {
      throw new Error(`migration ${migration.name} was applied with another text: migrations are never edited`);
    }
    if (before !== undefined) {
      alreadyThere.push(migration.name);
      continue;
    }
    await applyOne(admin, migration, sha256);
    applied.push(migration.name);
  }
  return { applied, alreadyThere };
}

async function applyOne(admin: ClientBase, migration: Migration, sha256: string): Promise<void> {
  await admin.query('BEGIN');
  try {
    await admin.query(`SET LOCAL ROLE ${ownerRole}`);
    await admin.query('SET LOCAL row_security = off');
    await admin.query("SET LOCAL lock_timeout = '3s'");
    await admin.query(migration.sql);
    await admin.query(`insert into ${bookkeeping}.applied (name, sha256) values ($1, $2)`, [migration.name, sha256]);
    // The runtime roles cannot read the bookkeeping; the comment tells them what the schema is.
    await admin.query(`COMMENT ON SCHEMA ${schemaName} IS ${admin.escapeLiteral(migration.name)}`);
    await admin.query('COMMIT');
  } catch (error) {
    await admin.query('ROLLBACK');
    throw error;
  }
}

import { ownerRole } from '@karmanflow/schema';
import { Client } from 'pg';
import { type LocalProblem, type Result, accepted, refused } from './local-problem.ts';

/** A database that may be used: what to call it in front of a person. Without user and password. */
export interface CheckedDatabase {
  /** `host:port/database` */
  readonly name: string;
  /** Whether the schema is there already. */
  readonly isOurs: boolean;
  /** Whether the server has our roles already, which all of its databases share. */
  readonly hasRoles: boolean;
}

const connectDeadlineMilliseconds = 10_000;
const versionMin = 16;
const versionMax = 18;

/**
 * Looks at the database behind DATABASE_URL without changing it: it must be ours or empty, and its user must be able to
 * make roles and a schema. No message holds the password. Problems: those that begin with `database_`, `not_permitted`.
 */
export async function checkDatabase(databaseUrl: string): Promise<Result<CheckedDatabase, LocalProblem>> {
  const url = URL.canParse(databaseUrl) ? new URL(databaseUrl) : null;
  if (url === null || !['postgres:', 'postgresql:'].includes(url.protocol) || url.hostname === '') {
    return refused({
      code: 'database_url_invalid',
      message: 'DATABASE_URL is not the address of a Postgres.',
      whatToDo: 'Set DATABASE_URL to postgresql://<user>:<password>@<host>:<port>/<database>, or unset it for our own.',
    });
  }
  const name = `${url.host}${url.pathname}`;
  const client = new Client({
    connectionString: databaseUrl,
    application_name: 'karmanflow-check',
    connectionTimeoutMillis: connectDeadlineMilliseconds,
    query_timeout: connectDeadlineMilliseconds,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return verdict(name, await look(client));
  } catch (error) {
    return refused(connectProblem(name, error));
  } finally {
    await client.end().catch(() => undefined);
  }
}

interface Sight {
  readonly version: number;
  readonly user: string;
  readonly isSuperuser: boolean;
  readonly makesRoles: boolean;
  readonly ownsDatabase: boolean;
  readonly isOurs: boolean;
  readonly hasRoles: boolean;
  readonly foreignTables: number;
}

async function look(client: Client): Promise<Sight> {
  // Tables of an extension are not data of somebody else: managed servers have some in every new database.
  const { rows } = await client.query<Sight>(`
    select current_setting('server_version_num')::int / 10000 as version, current_user::text as "user",
      r.rolsuper as "isSuperuser", r.rolsuper or r.rolcreaterole as "makesRoles",
      r.rolsuper or pg_has_role(d.datdba, 'usage') as "ownsDatabase",
      to_regclass('kf_migrations.applied') is not null as "isOurs",
      exists (select from pg_roles k where k.rolname = '${ownerRole}') as "hasRoles",
      (select count(*)::int from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
          and not exists (select from pg_depend x where x.classid = 'pg_class'::regclass and x.objid = c.oid
            and x.deptype = 'e')) as "foreignTables"
    from pg_roles r, pg_database d where r.rolname = current_user and d.datname = current_database()`);
  const [row] = rows;
  if (row === undefined) throw new Error('the database does not know its own name');
  return row;
}

function verdict(name: string, seen: Sight): Result<CheckedDatabase, LocalProblem> {
  if (seen.version < versionMin || seen.version > versionMax) {
    return refused({
      code: 'database_version',
      message: `The server of DATABASE_URL (${name}) is Postgres ${seen.version}; ${versionMin} to ${versionMax} are supported.`,
      whatToDo: 'Use such a server, or unset DATABASE_URL for the embedded one.',
    });
  }
  if (!seen.isOurs && seen.foreignTables > 0) {
    return refused({
      code: 'database_not_ours',
      message: `The database of DATABASE_URL (${name}) holds ${seen.foreignTables} tables of something else.`,
      whatToDo: 'Make an empty database for KarmanFlow and name it in DATABASE_URL, or unset it for the embedded one.',
    });
  }
  if (!seen.makesRoles || !seen.ownsDatabase) {
    const lacking = seen.makesRoles ? 'does not own the database' : 'may not create roles';
    return refused({
      code: 'not_permitted',
      message: `The user "${seen.user}" of DATABASE_URL (${name}) ${lacking}.`,
      whatToDo: 'Name a superuser, or the owner of the database with CREATEROLE, in DATABASE_URL.',
    });
  }
  return accepted({ name, isOurs: seen.isOurs, hasRoles: seen.hasRoles });
}

function connectProblem(name: string, error: unknown): LocalProblem {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reason = error instanceof Error ? error.message : String(error);
  // Class 28: the server looked at user and password, or at where the connection came from, and said no.
  if (code.startsWith('28')) {
    return {
      code: 'database_login_refused',
      message: `The server of DATABASE_URL (${name}) does not let its user in (${code}).`,
      whatToDo: 'Correct user and password in DATABASE_URL, or unset it for the embedded Postgres.',
    };
  }
  if (code === '3D000') {
    return {
      code: 'database_unreachable',
      message: `The server of DATABASE_URL has no database ${name}.`,
      whatToDo: 'Create that database, or correct its name in DATABASE_URL.',
    };
  }
  return {
    code: 'database_unreachable',
    message: `No Postgres answers at DATABASE_URL (${name}): ${reason}`,
    whatToDo: 'Start that server, correct DATABASE_URL, or unset it for the embedded Postgres.',
  };
}

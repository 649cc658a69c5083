import { createHash, randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { ensureRoles, migrate, migrations, prepareDatabase, type RolePasswords } from '../migrations/index.ts';
import { type RuntimeRole, runtimeRoles } from '../tables/definition.ts';

/**
 * A database of its own for each test file, cloned from a migrated template. Needs KF_TEST_DATABASE_URL, the address of a
 * superuser on a throwaway cluster; `bun run test db` starts one and sets it.
 */
export interface TestDatabase {
  readonly name: string;
  readonly adminUrl: string;
  urlFor(role: RuntimeRole): string;
  /** A connection as superuser, for looking at what no runtime role may see. */
  admin(): Promise<Client>;
  drop(): Promise<void>;
}

/** Test clusters only listen on loopback and live for one run; the passwords keep nothing secret. */
export const testPasswords = Object.fromEntries(runtimeRoles.map((role) => [role, `test-${role}`])) as RolePasswords;
const templateLock = 4_711_002;

export function testClusterUrl(): string {
  // The one variable that tests read: the driver sets it, so that test files run on any cluster.
  const url = process.env['KF_TEST_DATABASE_URL'];
  if (!url) throw new Error('KF_TEST_DATABASE_URL is not set: run database tests through `bun run test db -- <path>`');
  return url;
}

export function urlOf(base: string, part: { database?: string; user?: string; password?: string }): string {
  const url = new URL(base);
  if (part.database !== undefined) url.pathname = `/${part.database}`;
  if (part.user !== undefined) url.username = part.user;
  if (part.password !== undefined) url.password = part.password;
  return url.href;
}

export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await connected(url);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Whoever asks a lost connection is told; one that is lost on its way out, with its database, must not end the process. */
async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** The template's name follows from the migrations, so that a changed migration gets a new one. */
async function ensureTemplate(cluster: string): Promise<string> {
  const fingerprint = createHash('sha256').update(JSON.stringify(migrations)).digest('hex').slice(0, 12);
  const template = `kf_template_${fingerprint}`;
  await withClient(cluster, async (admin) => {
    await admin.query('select pg_advisory_lock($1)', [templateLock]);
    const present = await admin.query('select from pg_database where datname = $1', [template]);
    if (present.rowCount !== 0) return;
    await ensureRoles(admin, testPasswords);
    // Built under another name: a template that exists is complete, also when a build was interrupted.
    const building = `${template}_building`;
    await admin.query(`DROP DATABASE IF EXISTS ${building}`);
    await admin.query(`CREATE DATABASE ${building}`);
    await withClient(urlOf(cluster, { database: building }), async (client) => {
      await prepareDatabase(client);
      await migrate(client);
    });
    await admin.query(`ALTER DATABASE ${building} RENAME TO ${template}`);
  });
  return template;
}

export async function createTestDatabase(): Promise<TestDatabase> {
  const cluster = testClusterUrl();
  const template = await ensureTemplate(cluster);
  const name = `kf_test_${randomBytes(6).toString('hex')}`;
  // Grants on the database itself are not part of a template; the rest is.
  await withClient(cluster, (admin) => admin.query(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY`));
  const adminUrl = urlOf(cluster, { database: name });
  await withClient(adminUrl, prepareDatabase);
  const opened: Client[] = [];
  return {
    name,
    adminUrl,
    urlFor: (role) => urlOf(adminUrl, { user: role, password: testPasswords[role] }),
    async admin() {
      const client = await connected(adminUrl);
      opened.push(client);
      return client;
    },
    async drop() {
      await Promise.all(opened.map((client) => client.end().catch(() => undefined)));
      await withClient(cluster, (admin) => admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    },
  };
}

/** An empty database without schema, for tests of the migrations themselves. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  const cluster = testClusterUrl();
  const name = `kf_test_${randomBytes(6).toString('hex')}`;
  await withClient(cluster, async (admin) => {
    await admin.query('select pg_advisory_lock($1)', [templateLock]);
    await ensureRoles(admin, testPasswords);
    await admin.query(`CREATE DATABASE ${name}`);
  });
  const adminUrl = urlOf(cluster, { database: name });
  return {
    name,
    adminUrl,
    urlFor: (role) => urlOf(adminUrl, { user: role, password: testPasswords[role] }),
    admin: () => connected(adminUrl),
    drop: () =>
      withClient(cluster, async (admin) => void (await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))),
  };
}

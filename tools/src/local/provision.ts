import { randomBytes } from 'node:crypto';
import { formatReceiptKeyring } from '@karmanflow/runtime';
import { type RuntimeRole, runtimeRoles } from '@karmanflow/schema';
import { ensureRoles, migrate, prepareDatabase, type RolePasswords } from '@karmanflow/schema/migrations';
import { Client } from 'pg';
import { type LocalSecrets, openLocalSecrets } from './local-secrets.ts';

/** A database with everything that the apps need of it. */
export interface Provisioned {
  /** The address with which a role logs in; also a secret: see `roleSecretName`. */
  urlFor(role: RuntimeRole): string;
  readonly secretsDirectory: string;
  /** Migrations that this call applied. */
  readonly migrated: readonly string[];
}

/** The name under which the key that signs receipts is kept. */
export const keyringSecretName = 'receipt-keyring';

/** The name under which the key that signs checkpoints of the log is kept. */
export const logKeySecretName = 'log-signing-key';

/** The name under which the key is kept with which ingest encrypts what it holds back. */
export const quarantineKeySecretName = 'ingest-quarantine-key';

/** The name under which the master is kept from which the secrets of outbound webhooks follow. */
export const webhookMasterSecretName = 'webhook-master';

/** The name under which the address of a role is kept. */
export function roleSecretName(role: RuntimeRole): string {
  return `database-url-${role}`;
}

/** Any constant will do: it keeps two that prepare the roles of one database at once apart. */
const provisionLock = 4_711_003;
const connectDeadlineMilliseconds = 10_000;
const passwordBytes = 24;
const seedBytes = 32;

/**
 * Makes roles, passwords, schema and the signing keys where they are missing, and keeps what is there: safe to repeat and
 * to continue. `adminUrl` names a superuser, or an owner of the database with CREATEROLE. Passwords and keys are written to
 * `secretsDirectory` before they take effect, so that a crash never leaves one that nobody knows.
 */
export async function provision(options: {
  readonly adminUrl: string;
  readonly secretsDirectory: string;
}): Promise<Provisioned> {
  const { adminUrl, secretsDirectory } = options;
  const secrets = openLocalSecrets(secretsDirectory);
  const newKeyring = (): string =>
    formatReceiptKeyring({ seed: randomBytes(seedBytes), notBefore: new Date().toISOString() });
  await secrets.readOrMake(keyringSecretName, newKeyring);
  for (const name of [logKeySecretName, quarantineKeySecretName, webhookMasterSecretName]) {
    await secrets.readOrMake(name, () => randomBytes(seedBytes).toString('base64'));
  }
  const urls = new Map<RuntimeRole, string>();
  for (const role of runtimeRoles) urls.set(role, await ensureRoleUrl({ secrets, adminUrl, role }));
  const urlFor = (role: RuntimeRole): string => urls.get(role) ?? '';
  const migrated = await prepare({ adminUrl, urlFor });
  return { urlFor, secretsDirectory, migrated };
}

async function prepare(work: { adminUrl: string; urlFor: (role: RuntimeRole) => string }): Promise<readonly string[]> {
  const passwords = runtimeRoles.map((role) => [role, new URL(work.urlFor(role)).password]);
  const admin = new Client({
    connectionString: work.adminUrl,
    application_name: 'karmanflow-provision',
    connectionTimeoutMillis: connectDeadlineMilliseconds,
  });
  // A connection that is cut off reports here as well as to the query; unheard, it would end this process.
  admin.on('error', () => undefined);
  await admin.connect();
  try {
    await admin.query('select pg_advisory_lock($1)', [provisionLock]);
    // Generated passwords have no character that an address would encode, so they are the same in both places. There is one for
    // each role.
    await ensureRoles(admin, Object.fromEntries(passwords) as RolePasswords);
    await prepareDatabase(admin);
    return (await migrate(admin)).applied;
  } finally {
    await admin.end();
  }
}

/** The address of a role: the administrator's, with the role and its own password, which stays what it was. */
async function ensureRoleUrl(wanted: { secrets: LocalSecrets; adminUrl: string; role: RuntimeRole }): Promise<string> {
  const { secrets, adminUrl, role } = wanted;
  const name = roleSecretName(role);
  const before = await secrets.read(name);
  const url = new URL(adminUrl);
  url.username = role;
  url.password = passwordIn(before) ?? randomBytes(passwordBytes).toString('base64url');
  if (url.href !== before) await secrets.write(name, url.href);
  return url.href;
}

function passwordIn(url: string | null): string | null {
  if (url === null || !URL.canParse(url)) return null;
  return new URL(url).password || null;
}

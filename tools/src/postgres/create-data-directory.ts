import { spawn } from 'node:child_process';
import { chmod, chown, mkdir, open, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Binaries } from './binaries.ts';
import { type ClusterProblem, type Result, accepted, diskFull, refused, systemErrorCode } from './cluster-problem.ts';
import { markerFileName } from './data-directory.ts';
import { isAlive } from './process-table.ts';
import { serverEnvironment } from './server-settings.ts';
import type { SystemUser } from './system-user.ts';

export interface DataDirectoryPlan {
  readonly dataDirectory: string;
  readonly majorVersion: number;
  readonly binaries: Binaries;
  readonly user: SystemUser;
  readonly superuser: string;
  readonly password: string;
  /** False skips initdb's writes to stable storage, for a cluster that is thrown away. */
  readonly durable: boolean;
}

let attemptCount = 0;

/**
 * Makes a cluster at `dataDirectory`, which must not exist or be empty: initdb works in `<dir>.partial`, whose result is
 * renamed when it is whole and on disk. So a crash leaves no half-made data directory, only a `.partial` that the next
 * call removes. `made` is false when another process finished the same directory first.
 */
export async function createDataDirectory(plan: DataDirectoryPlan): Promise<Result<{ made: boolean }, ClusterProblem>> {
  const partial = `${plan.dataDirectory}.partial`;
  await removeLeftovers(partial);
  // A folder for each attempt, named by our process id: a second `up` must not remove what the first is writing.
  const attempt = join(partial, `${process.pid}-${(attemptCount += 1)}`);
  try {
    await makeFolder({ path: partial, mode: 0o711, user: {} });
    await makeFolder({ path: attempt, mode: 0o700, user: plan.user });
    const data = join(attempt, 'data');
    const problem = await runInitdb({ plan, data, passwordFile: join(attempt, 'password') });
    if (problem !== null) return refused(problem);
    await writeMarker({ path: join(data, markerFileName), plan });
    const made = await renameUnlessTaken({ from: data, to: plan.dataDirectory });
    if (made && plan.durable) await syncFolder(dirname(plan.dataDirectory));
    return accepted({ made });
  } finally {
    await rm(attempt, { recursive: true, force: true });
    // Fails when another process is at work in there, which then removes it.
    await rmdir(partial).catch(() => {});
  }
}

async function removeLeftovers(partial: string): Promise<void> {
  for (const name of await readdir(partial).catch((): string[] => [])) {
    const owner = /^(\d+)-\d+$/.exec(name)?.[1];
    if (owner !== undefined && (await isAlive(Number(owner)))) continue;
    await rm(join(partial, name), { recursive: true, force: true });
  }
}

async function makeFolder(folder: { path: string; mode: number; user: SystemUser }): Promise<void> {
  await mkdir(folder.path, { recursive: true });
  // The process's umask may have taken bits away which the server's account needs.
  await chmod(folder.path, folder.mode);
  await giveTo(folder.path, folder.user);
}

async function giveTo(path: string, user: SystemUser): Promise<void> {
  if (user.uid !== undefined && user.gid !== undefined) await chown(path, user.uid, user.gid);
}

async function runInitdb(run: {
  readonly plan: DataDirectoryPlan;
  readonly data: string;
  readonly passwordFile: string;
}): Promise<ClusterProblem | null> {
  const { plan, data, passwordFile } = run;
  await writeFile(passwordFile, `${plan.password}\n`, { mode: 0o600 });
  await giveTo(passwordFile, plan.user);
  const options = ['-D', data, '-U', plan.superuser, `--pwfile=${passwordFile}`, '-A', 'scram-sha-256'];
  const storage = ['-E', 'UTF8', '--no-locale', '--data-checksums', '--no-instructions'];
  const child = spawn(plan.binaries.initdb, [...options, ...storage, ...(plan.durable ? [] : ['--no-sync'])], {
    ...plan.user,
    cwd: '/',
    env: serverEnvironment(process.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const keepOutput = (chunk: Buffer): void => {
    lines.push(
      ...chunk
        .toString('utf8')
        .split('\n')
        .filter((line) => line.trim() !== ''),
    );
    lines.splice(0, lines.length - 10);
  };
  child.stdout.on('data', keepOutput);
  child.stderr.on('data', keepOutput);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code === 0) return null;
  const output = lines.join('\n');
  if (output.includes('No space left on device')) return diskFull(plan.dataDirectory);
  return {
    code: 'start_failed',
    message: `initdb ended with code ${code}:\n${output}`,
    whatToDo: 'Correct what its last lines name, then start again.',
  };
}

async function writeMarker(marker: { path: string; plan: DataDirectoryPlan }): Promise<void> {
  const { path, plan } = marker;
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify({ format: 1, postgresMajorVersion: plan.majorVersion })}\n`);
    if (plan.durable) await file.sync();
  } finally {
    await file.close();
  }
  await giveTo(path, plan.user);
  if (plan.durable) await syncFolder(dirname(path));
}

async function renameUnlessTaken(move: { from: string; to: string }): Promise<boolean> {
  try {
    await rename(move.from, move.to);
    return true;
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST'].includes(systemErrorCode(error) ?? '')) return false;
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

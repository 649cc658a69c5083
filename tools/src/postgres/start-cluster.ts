import { mkdir, realpath, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Binaries, binariesMajorVersion, locateBinaries } from './binaries.ts';
import type { Cluster } from './cluster.ts';
import {
  type ClusterProblem,
  type Result,
  accepted,
  diskFull,
  problemFromFileError,
  refused,
} from './cluster-problem.ts';
import { createDataDirectory } from './create-data-directory.ts';
import { inspectDataDirectory } from './data-directory.ts';
import { launchServer } from './launch-server.ts';
import { liveServer, pidFileProcess } from './pid-file.ts';
import { freePort, isPortFree } from './port.ts';
import { runningProcess, waitUntil } from './process-table.ts';
import { type SystemUser, firstPathDenied, systemUser } from './system-user.ts';

export interface ClusterOptions {
  readonly dataDirectory: string;
  /** The TCP port on 127.0.0.1, or any that is free. */
  readonly port: number | 'free';
  /** Postgres settings over the defaults of `server-settings.ts`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The superuser's password. It is set when the directory is made, and must be the same at each later start. */
  readonly password: string;
  /** `postgres` unless given. */
  readonly superuser?: string;
  /** Hears one line for each step of ours. What Postgres writes is in `Cluster.logFile`. */
  readonly log?: (line: string) => void;
}

/** What a throw-away cluster does differently. */
export interface ClusterLifetime {
  /** False skips initdb's writes to stable storage. */
  readonly durable: boolean;
  /** Removed when this process dies without having stopped the server. */
  readonly folderToRemove: string | null;
}

const freeBytesMin = 200 * 1024 * 1024;
const freePortAttemptsMax = 5;
const zombieWaitSeconds = 5;

/**
 * Starts a Postgres on `dataDirectory` as a child of this process and returns when it answers queries; makes the
 * directory first when there is none. Never removes data or a pid file. When this process dies, the server shuts down.
 * Problems: every code of `ClusterProblemCode`.
 */
export async function startCluster(options: ClusterOptions): Promise<Result<Cluster, ClusterProblem>> {
  return openCluster(options, { durable: true, folderToRemove: null });
}

/** `startCluster` with another lifetime than a lasting one. */
export async function openCluster(
  options: ClusterOptions,
  lifetime: ClusterLifetime,
): Promise<Result<Cluster, ClusterProblem>> {
  const dataDirectory = resolve(options.dataDirectory);
  try {
    const software = await usableSoftware(dataDirectory);
    if (!software.ok) return software;
    const occupied = await occupant(dataDirectory);
    if (occupied !== null) return refused(occupied);
    const { majorVersion } = software.value;
    const found = await inspectDataDirectory({ dataDirectory, majorVersion });
    if (!found.ok) return found;
    if (options.port !== 'free' && !(await isPortFree(options.port))) return refused(portInUse(options.port));
    const volume = await statfs(dirname(dataDirectory));
    if (volume.bavail * volume.bsize < freeBytesMin) return refused(diskFull(dataDirectory));

    const log = options.log ?? (() => {});
    const superuser = options.superuser ?? 'postgres';
    let created = false;
    if (found.value === 'absent') {
      log(`making a Postgres ${majorVersion} cluster at ${dataDirectory}`);
      const plan = { ...software.value, dataDirectory, superuser, password: options.password };
      const outcome = await createDataDirectory({ ...plan, durable: lifetime.durable });
      if (!outcome.ok) return outcome;
      created = outcome.value.made;
    }
    return await launch({ options, lifetime, software: software.value, dataDirectory, superuser, created, log });
  } catch (error) {
    const problem = problemFromFileError(error, dataDirectory);
    if (problem === null) throw error;
    return refused(problem);
  }
}

interface Software {
  readonly binaries: Binaries;
  readonly user: SystemUser;
  readonly majorVersion: number;
}

/** Finds the account and the executables, and that this account reaches both them and the data directory's parent. */
async function usableSoftware(dataDirectory: string): Promise<Result<Software, ClusterProblem>> {
  const binaries = locateBinaries();
  if (!binaries.ok) return binaries;
  const user = await systemUser(dataDirectory);
  if (!user.ok) return user;
  const parent = dirname(dataDirectory);
  await mkdir(parent, { recursive: true });
  const folders = [...ancestry(binaries.value.postgres), ...ancestry(await realpath(parent))];
  const denied = firstPathDenied(user.value, folders);
  if (denied !== null) return refused(pathDenied({ denied, user: user.value }));
  const majorVersion = binariesMajorVersion(binaries.value, user.value);
  if (!majorVersion.ok) return majorVersion;
  return accepted({ binaries: binaries.value, user: user.value, majorVersion: majorVersion.value });
}

/** The problem when a live server, ours or not, already works on the directory. */
async function occupant(dataDirectory: string): Promise<ClusterProblem | null> {
  const recorded = await pidFileProcess(dataDirectory);
  if (recorded?.state === 'zombie') {
    // Postgres takes a dead server that nobody has reaped yet for a live one, and would refuse to start.
    await waitUntil(async () => (await runningProcess(recorded.processId)) === null, zombieWaitSeconds);
  }
  const server = await liveServer(dataDirectory);
  if (server === null) return null;
  return {
    code: 'already_running',
    message: `A Postgres already runs on ${dataDirectory} (process ${server.processId}).`,
    whatToDo: 'Use that one, or end it with `bun run down`.',
    processId: server.processId,
  };
}

async function launch(attempt: {
  readonly options: ClusterOptions;
  readonly lifetime: ClusterLifetime;
  readonly software: Software;
  readonly dataDirectory: string;
  readonly superuser: string;
  readonly created: boolean;
  readonly log: (line: string) => void;
}): Promise<Result<Cluster, ClusterProblem>> {
  const { options, dataDirectory, superuser, created, log } = attempt;
  const attemptsMax = options.port === 'free' ? freePortAttemptsMax : 1;
  for (let count = 1; ; count += 1) {
    const port = options.port === 'free' ? await freePort() : options.port;
    const account = `${encodeURIComponent(superuser)}:${encodeURIComponent(options.password)}`;
    const outcome = await launchServer({
      ...attempt.software,
      dataDirectory,
      port,
      created,
      log,
      adminUrl: `postgresql://${account}@127.0.0.1:${port}/postgres`,
      settings: options.settings ?? {},
      folderToRemove: attempt.lifetime.folderToRemove,
    });
    if (outcome.ok) return outcome;
    // Between the choice of a port and its use, another process may take it; and another `up` may take the directory.
    if (!['start_failed', 'pid_file_in_use'].includes(outcome.problem.code)) return outcome;
    const occupied = await occupant(dataDirectory);
    if (occupied !== null) return refused(occupied);
    if (await isPortFree(port)) return outcome;
    if (count >= attemptsMax) return refused(portInUse(port));
  }
}

function ancestry(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...ancestry(parent), path];
}

function portInUse(port: number): ClusterProblem {
  return {
    code: 'port_in_use',
    message: `Port ${port} of 127.0.0.1 is in use by another program.`,
    whatToDo: 'End that program, or set KF_POSTGRES_PORT to a free port.',
  };
}

function pathDenied(denial: { denied: string; user: SystemUser }): ClusterProblem {
  const account = denial.user.uid === undefined ? 'this user' : `the account with the id ${denial.user.uid}`;
  return {
    code: 'path_not_accessible',
    message: `Postgres runs as ${account} (it refuses root), which may not enter ${denial.denied}.`,
    whatToDo:
      `Run \`chmod a+x ${denial.denied}\`, or move the checkout to a folder that other accounts may enter, ` +
      'or run as a user other than root.',
  };
}

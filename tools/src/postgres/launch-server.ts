import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile, rename, stat } from 'node:fs/promises';
import type { Binaries } from './binaries.ts';
import { type Cluster, killServer, stopServer } from './cluster.ts';
import { type ClusterProblem, type Result, accepted, diskFull, refused } from './cluster-problem.ts';
import { parentWatch } from './parent-watch.ts';
import { type Readiness, serverReady } from './server-ready.ts';
import { serverArguments, serverEnvironment } from './server-settings.ts';
import type { SystemUser } from './system-user.ts';

export interface LaunchPlan {
  readonly binaries: Binaries;
  readonly user: SystemUser;
  readonly dataDirectory: string;
  readonly port: number;
  readonly adminUrl: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly created: boolean;
  readonly folderToRemove: string | null;
  readonly log: (line: string) => void;
}

const logFileBytesMax = 10 * 1024 * 1024;
const logLinesShown = 10;

/** Starts `postgres` on a whole data directory and waits until it answers. A server that is refused has ended. */
export async function launchServer(plan: LaunchPlan): Promise<Result<Cluster, ClusterProblem>> {
  const logFile = `${plan.dataDirectory}.log`;
  await rotateLog(logFile);
  const logOffset = (await stat(logFile).catch(() => null))?.size ?? 0;
  const server = await spawnServer(plan, logFile);
  const processId = server.pid;
  if (processId === undefined) throw new Error('the server process has no id');
  const endWatch = parentWatch({ processId, folderToRemove: plan.folderToRemove });
  const exited = new Promise<{ code: number | null }>((resolve) => {
    server.once('exit', (code) => {
      endWatch();
      resolve({ code });
    });
  });
  const startedAt = performance.now();
  const readiness = await serverReady({
    adminUrl: plan.adminUrl,
    dataDirectory: plan.dataDirectory,
    hasExited: () => server.exitCode !== null || server.signalCode !== null,
  });
  if (readiness !== 'ready') {
    await stopServer({ server, processId, mode: 'fast' });
    const lines = (await readFile(logFile)).subarray(logOffset).toString('utf8').trimEnd().split('\n');
    return refused(startProblem({ readiness, plan, lines: lines.slice(-logLinesShown), logFile }));
  }
  plan.log(`Postgres answers on port ${plan.port} after ${Math.round(performance.now() - startedAt)} ms`);
  return accepted({
    port: plan.port,
    adminUrl: plan.adminUrl,
    processId,
    logFile,
    created: plan.created,
    exited,
    stop: (mode = 'fast') => stopServer({ server, processId, mode }),
    kill: () => killServer({ server, processId }),
  });
}

async function spawnServer(plan: LaunchPlan, logFile: string): Promise<ChildProcess> {
  // We open the log, not the server's account: it needs no right to write beside its data. A file, since a pipe to us
  // would break the server when we die.
  const logHandle = await open(logFile, 'a', 0o600);
  try {
    const server = spawn(plan.binaries.postgres, serverArguments(plan), {
      ...plan.user,
      cwd: '/',
      env: serverEnvironment(process.env),
      // In a process group of its own: Ctrl-C in a terminal must not stop it before those who use it have finished.
      detached: true,
      stdio: ['ignore', logHandle.fd, logHandle.fd],
    });
    await new Promise<void>((resolve, reject) => {
      server.once('spawn', resolve);
      server.once('error', reject);
    });
    return server;
  } finally {
    await logHandle.close();
  }
}

async function rotateLog(logFile: string): Promise<void> {
  const found = await stat(logFile).catch(() => null);
  if (found !== null && found.size > logFileBytesMax) await rename(logFile, `${logFile}.1`);
}

function startProblem(failure: {
  readonly readiness: Exclude<Readiness, 'ready'>;
  readonly plan: LaunchPlan;
  readonly lines: readonly string[];
  readonly logFile: string;
}): ClusterProblem {
  const { readiness, plan, lines, logFile } = failure;
  const text = lines.join('\n');
  if (readiness === 'password_rejected') {
    return {
      code: 'password_rejected',
      message: `${plan.dataDirectory} was made with another superuser or password than the one given.`,
      whatToDo: 'Give the former password, or run `bun run reset`, which removes the data.',
    };
  }
  if (text.includes('No space left on device')) return diskFull(plan.dataDirectory);
  if (text.includes('lock file "postmaster.pid" already exists')) {
    return {
      code: 'pid_file_in_use',
      message: `${plan.dataDirectory}/postmaster.pid names a process that exists, but is no server of this directory.`,
      whatToDo: `Make sure that no Postgres uses ${plan.dataDirectory}, then remove its postmaster.pid by hand.`,
    };
  }
  return {
    code: 'start_failed',
    message: `Postgres ${readiness === 'too_slow' ? 'did not answer in time' : 'ended while starting'}:\n${text}`,
    whatToDo: `Correct what these lines name, then start again. All of the log is in ${logFile}.`,
  };
}

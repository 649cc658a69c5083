import type { ChildProcess } from 'node:child_process';
import { descendants, isAlive, runningProcess, sendSignal, waitUntil } from './process-table.ts';

/** A running server that is a child of this process. */
export interface Cluster {
  readonly port: number;
  /** `postgresql://<superuser>:<password>@127.0.0.1:<port>/postgres` */
  readonly adminUrl: string;
  /** The postmaster's process id. */
  readonly processId: number;
  readonly logFile: string;
  /** Whether this call made the data directory. */
  readonly created: boolean;
  /** Resolves when the postmaster has ended, by whatever cause; `code` is null after a signal. */
  readonly exited: Promise<{ code: number | null }>;
  /** Shuts down: fast (open transactions roll back) or immediate (recovery at the next start). Escalates after 10 s. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
  /** Kills the postmaster and all its children with SIGKILL, and waits until none of them executes any more. */
  kill(): Promise<void>;
}

const stopDeadlineSeconds = 10;

/** Stops `server`, a child of this process: see `Cluster.stop`. */
export async function stopServer(options: {
  readonly server: ChildProcess;
  readonly processId: number;
  readonly mode: 'fast' | 'immediate';
}): Promise<void> {
  const { server, processId } = options;
  const hasExited = (): boolean => server.exitCode !== null || server.signalCode !== null;
  // A backend that a test has stopped cannot see the shutdown request: let it go on first.
  for (const child of await descendants(processId)) {
    if (child.state === 'stopped') sendSignal(child.processId, 'SIGCONT');
  }
  const signals: NodeJS.Signals[] = options.mode === 'fast' ? ['SIGINT', 'SIGQUIT'] : ['SIGQUIT'];
  for (const signal of signals) {
    if (!hasExited()) server.kill(signal);
    if (await waitUntil(hasExited, stopDeadlineSeconds)) return;
  }
  await killServer({ server, processId });
}

/** Kills `server` and its family: see `Cluster.kill`. */
export async function killServer(options: {
  readonly server: ChildProcess;
  readonly processId: number;
}): Promise<void> {
  const { server, processId } = options;
  const hasExited = (): boolean => server.exitCode !== null || server.signalCode !== null;
  if (hasExited()) return;
  // A stopped postmaster forks nothing more, so the list of its children is complete.
  server.kill('SIGSTOP');
  await waitUntil(
    async () => hasExited() || (await runningProcess(processId))?.state === 'stopped',
    stopDeadlineSeconds,
  );
  const children = await descendants(processId);
  server.kill('SIGKILL');
  for (const child of children) sendSignal(child.processId, 'SIGKILL');
  const allGone = await waitUntil(async () => {
    if (!hasExited()) return false;
    const alive = await Promise.all(children.map((child) => isAlive(child.processId)));
    return !alive.includes(true);
  }, stopDeadlineSeconds);
  if (!allGone) throw new Error(`the server ${processId} or one of its children outlived SIGKILL`);
}

import { processTable, runningProcess, sendSignal, waitUntil } from './process-table.ts';

const stateDeadlineSeconds = 5;

/**
 * The process ids of the backends that serve a client, ascending. Read from their titles in the process table
 * (`postgres: user database 127.0.0.1(49152) idle`), so it costs no connection.
 */
export async function backendProcessIds(cluster: { readonly processId: number }): Promise<number[]> {
  const table = await processTable();
  return table
    .filter((entry) => entry.parentId === cluster.processId && /^postgres: .*127\.0\.0\.1\(\d+\)/.test(entry.command))
    .map((entry) => entry.processId)
    .toSorted((left, right) => left - right);
}

/** Freezes a backend (SIGSTOP) and returns when it stands still. Throws when the process is no Postgres child. */
export async function stopBackend(processId: number): Promise<void> {
  await signalBackend({ processId, signal: 'SIGSTOP', state: 'stopped' });
}

/** Lets a frozen backend go on (SIGCONT). Throws when the process is no Postgres child. */
export async function continueBackend(processId: number): Promise<void> {
  await signalBackend({ processId, signal: 'SIGCONT', state: 'running' });
}

async function signalBackend(change: {
  readonly processId: number;
  readonly signal: 'SIGSTOP' | 'SIGCONT';
  readonly state: 'stopped' | 'running';
}): Promise<void> {
  const { processId } = change;
  const backend = await runningProcess(processId);
  if (backend === null || !backend.command.startsWith('postgres: ')) {
    throw new Error(`process ${processId} is no Postgres backend`);
  }
  sendSignal(processId, change.signal);
  const changed = await waitUntil(
    async () => (await runningProcess(processId))?.state === change.state,
    stateDeadlineSeconds,
  );
  if (!changed) throw new Error(`backend ${processId} did not reach the state ${change.state}`);
}

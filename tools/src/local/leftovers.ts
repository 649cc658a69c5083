import { stopOrphan } from '../postgres/index.ts';
import { liveServer } from '../postgres/pid-file.ts';
import { sendSignal, waitUntil } from '../postgres/process-table.ts';
import { systemErrorCode } from '../postgres/cluster-problem.ts';
import { type LocalProblem, type Result, accepted, refused } from './local-problem.ts';
import { type ProcessIdentity, isRunning } from './process-identity.ts';
import type { RunRecord } from './run-record.ts';
import type { StatePaths } from './state-directory.ts';

/** An app gets the time to drain (6 s) and to give up on that (9 s) before it is killed. */
const appStopSeconds = 12;
const killSeconds = 5;

/** What still runs of an `up` that is gone, in words for a person. Changes nothing. */
export async function findLeftovers(where: {
  readonly paths: StatePaths;
  readonly record: RunRecord | null;
}): Promise<string[]> {
  const found: string[] = [];
  for (const { app, process: identity } of where.record?.apps ?? []) {
    if (await isRunning(identity)) found.push(`${app} (process ${identity.processId})`);
  }
  const server = await liveServer(where.paths.postgres);
  return server === null ? found : [...found, `Postgres (process ${server.processId})`];
}

/**
 * Stops the apps of a record and then the server of the state directory, each only after it was recognised as ours.
 * Returns what was stopped, in words for a person. Problems: `not_permitted`, and those of the file system.
 */
export async function stopLeftovers(where: {
  readonly paths: StatePaths;
  readonly record: RunRecord | null;
}): Promise<Result<string[], LocalProblem>> {
  const stopped: string[] = [];
  for (const { app, process: identity } of where.record?.apps ?? []) {
    const outcome = await stopProcess({ identity, deadlineSeconds: appStopSeconds });
    if (!outcome.ok) return outcome;
    if (outcome.value !== 'absent') stopped.push(`${app} (process ${identity.processId})`);
  }
  const orphan = await stopOrphan(where.paths.postgres);
  if (!orphan.ok) return orphan;
  if (orphan.value.processId !== null) stopped.push(`Postgres (process ${orphan.value.processId})`);
  return accepted(stopped);
}

/** Ends a process of ours that is not our child: SIGTERM, and SIGKILL after the deadline. Problems: `not_permitted`. */
export async function stopProcess(order: {
  readonly identity: ProcessIdentity;
  readonly deadlineSeconds: number;
}): Promise<Result<'absent' | 'stopped' | 'killed', LocalProblem>> {
  const { identity, deadlineSeconds } = order;
  const isGone = async (): Promise<boolean> => !(await isRunning(identity));
  if (await isGone()) return accepted('absent');
  try {
    sendSignal(identity.processId, 'SIGTERM');
    if (await waitUntil(isGone, deadlineSeconds)) return accepted('stopped');
    sendSignal(identity.processId, 'SIGKILL');
  } catch (error) {
    if (systemErrorCode(error) !== 'EPERM') throw error;
    return refused({
      code: 'not_permitted',
      message: `Process ${identity.processId} belongs to another user, so this one may not end it.`,
      whatToDo: 'Run the command as the user who ran `bun run up`.',
    });
  }
  if (await waitUntil(isGone, killSeconds)) return accepted('killed');
  throw new Error(`process ${identity.processId} outlived SIGKILL`);
}

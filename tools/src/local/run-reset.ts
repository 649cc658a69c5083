import { lstat, readdir, rm, rmdir } from 'node:fs/promises';
import { type LocalProblem, type Result, accepted, refused } from './local-problem.ts';
import { findRunning, runDown } from './run-down.ts';
import { fileProblem, stateEntries, type StatePaths } from './state-directory.ts';

export interface ResetReport {
  /** What was stopped first, in words for a person. */
  readonly stopped: readonly string[];
  /** The paths that are gone. */
  readonly removed: readonly string[];
  /** Names in the state directory that are not ours, which stay. */
  readonly kept: readonly string[];
}

/**
 * Removes all local data: the embedded database, secrets, keys and logs. Refuses while something runs, unless it may stop
 * it first. A database of DATABASE_URL is not touched. Problems: `still_running`, and those of `runDown`.
 */
export async function runReset(options: {
  readonly paths: StatePaths;
  readonly mayStop: boolean;
}): Promise<Result<ResetReport, LocalProblem>> {
  const { paths, mayStop } = options;
  try {
    const running = await findRunning(paths);
    if (running.length > 0 && !mayStop) {
      return refused({
        code: 'still_running',
        message: `The data is in use: ${running.join(', ')}.`,
        whatToDo: 'Stop it with `bun run down` first, or let `bun run reset --yes` do both.',
      });
    }
    const down = await runDown(paths);
    if (!down.ok) return down;
    const removed: string[] = [];
    for (const path of stateEntries(paths)) {
      if ((await lstat(path).catch(() => null)) === null) continue;
      await rm(path, { recursive: true, force: true });
      removed.push(path);
    }
    const kept = await readdir(paths.directory).catch((): string[] => []);
    if (kept.length === 0) await rmdir(paths.directory).catch(() => undefined);
    return accepted({ stopped: down.value, removed, kept });
  } catch (error) {
    return refused(fileProblem(error, paths.directory));
  }
}

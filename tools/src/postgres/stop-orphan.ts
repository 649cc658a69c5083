import { type ClusterProblem, type Result, accepted, problemFromFileError, refused } from './cluster-problem.ts';
import { liveServer } from './pid-file.ts';
import { isAlive, sendSignal, waitUntil } from './process-table.ts';

/**
 * Stops the server that runs on `dataDirectory` though it is not this process's child, for instance one left by a
 * killed `up`. Verifies that the recorded process is a Postgres of this very directory, then shuts it down: fast
 * (SIGINT), after 10 s immediate (SIGQUIT). `processId` is null when no server ran.
 */
export async function stopOrphan(dataDirectory: string): Promise<Result<{ processId: number | null }, ClusterProblem>> {
  try {
    const server = await liveServer(dataDirectory);
    if (server === null) return accepted({ processId: null });
    const { processId } = server;
    for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
      sendSignal(processId, signal);
      if (await waitUntil(async () => !(await isAlive(processId)), 10)) return accepted({ processId });
    }
    throw new Error(`process ${processId} outlived SIGKILL`);
  } catch (error) {
    const problem = problemFromFileError(error, dataDirectory);
    if (problem === null) throw error;
    return refused(problem);
  }
}

import { rm } from 'node:fs/promises';
import { findLeftovers, stopLeftovers, stopProcess } from './leftovers.ts';
import { type LocalProblem, type Result, accepted } from './local-problem.ts';
import { isRunning } from './process-identity.ts';
import { readRunRecord } from './run-record.ts';
import { fileProblem, type StatePaths } from './state-directory.ts';

/** Longer than an `up` needs for its own orderly end: 12 s for the apps, 20 s for Postgres. */
const upStopSeconds = 40;

/** What runs here, in words for a person: the `up`, or what is left of one. Changes nothing. */
export async function findRunning(paths: StatePaths): Promise<string[]> {
  const record = await readRunRecord(paths.run);
  if (record !== null && (await isRunning(record.up))) return [`bun run up (process ${record.up.processId})`];
  return findLeftovers({ paths, record });
}

/**
 * Stops the `up` of a state directory, and whatever is left of one that died. Returns what was stopped, in words for a
 * person; an empty list when nothing ran. Problems: `not_permitted`, and those of the file system.
 */
export async function runDown(paths: StatePaths): Promise<Result<string[], LocalProblem>> {
  try {
    const record = await readRunRecord(paths.run);
    const stopped: string[] = [];
    if (record !== null) {
      const ended = await stopProcess({ identity: record.up, deadlineSeconds: upStopSeconds });
      if (!ended.ok) return ended;
      if (ended.value !== 'absent') stopped.push(`bun run up (process ${record.up.processId})`);
    }
    // The record from before: an `up` that ended in good order has removed it together with what it names.
    const leftovers = await stopLeftovers({ paths, record });
    if (!leftovers.ok) return leftovers;
    await rm(paths.run, { force: true });
    return accepted([...stopped, ...leftovers.value]);
  } catch (error) {
    return { ok: false, problem: fileProblem(error, paths.directory) };
  }
}

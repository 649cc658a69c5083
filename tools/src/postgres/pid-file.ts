import { readFile, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from './cluster-problem.ts';
import { type RunningProcess, runningProcess } from './process-table.ts';

/**
 * The process named by the first line of `postmaster.pid`, or null when there is no such file or process. Never writes:
 * removing a pid file that a live server owns is how two servers end up on one directory.
 * Throws a file system error when the directory may not be read.
 */
export async function pidFileProcess(dataDirectory: string): Promise<RunningProcess | null> {
  const content = await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  });
  const processId = Number.parseInt(content.split('\n')[0] ?? '', 10);
  return Number.isSafeInteger(processId) && processId > 1 ? await runningProcess(processId) : null;
}

/** The live Postgres server of this directory, or null. A process that merely has the recorded id does not count. */
export async function liveServer(dataDirectory: string): Promise<RunningProcess | null> {
  const found = await pidFileProcess(dataDirectory);
  if (found === null || found.state === 'zombie') return null;
  return (await servesDirectory(found, dataDirectory)) ? found : null;
}

async function servesDirectory(server: RunningProcess, dataDirectory: string): Promise<boolean> {
  if (!/(^|\/)postgres(\s|$)/.test(server.command)) return false;
  const directory = await realpath(dataDirectory);
  if (process.platform === 'linux') {
    // A server's working directory is its data directory; the link is unreadable for another user's process.
    const workingDirectory = await readlink(`/proc/${server.processId}/cwd`).catch(() => null);
    if (workingDirectory !== null) return workingDirectory === directory;
  }
  return server.command.includes(` -D ${directory} `) || server.command.endsWith(` -D ${directory}`);
}

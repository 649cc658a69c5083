import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { promisify } from 'node:util';

/** One process of this machine. `command` is its command line, or the title it gave itself. */
export interface RunningProcess {
  readonly processId: number;
  readonly parentId: number;
  readonly state: 'running' | 'stopped' | 'zombie';
  readonly command: string;
}

/** How long to look between two checks of a condition. */
export const pollIntervalMilliseconds = 25;

/** Every process that this user can see. Reads /proc on Linux, since slim images have no `ps`; `ps` elsewhere. */
export async function processTable(): Promise<RunningProcess[]> {
  if (process.platform !== 'linux') {
    const { stdout } = await promisify(execFile)('ps', ['-axwwo', 'pid=,ppid=,state=,command='], {
      maxBuffer: 16 * 1024 * 1024,
    });
    return stdout.split('\n').flatMap((line) => parsePsLine(line) ?? []);
  }
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(names.map((name) => runningProcess(Number(name))));
  return found.filter((entry) => entry !== null);
}

/** One process, or null when there is none with this id. A zombie counts as a process here: see `state`. */
export async function runningProcess(processId: number): Promise<RunningProcess | null> {
  if (process.platform !== 'linux') {
    return (await processTable()).find((entry) => entry.processId === processId) ?? null;
  }
  try {
    const stat = await readFile(`/proc/${processId}/stat`, 'utf8');
    const command = await readFile(`/proc/${processId}/cmdline`, 'utf8');
    // The name in parentheses may hold spaces and parentheses itself: count the fields from its end.
    const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const words = command.replaceAll('\0', ' ').trim();
    return { processId, parentId: Number(parent), state: stateFromLetter(state), command: words };
  } catch {
    return null;
  }
}

/** Whether the process still executes: a zombie, which only waits for its parent, does not. */
export async function isAlive(processId: number): Promise<boolean> {
  const found = await runningProcess(processId);
  return found !== null && found.state !== 'zombie';
}

/** The children of a process, their children and so on. */
export async function descendants(processId: number): Promise<RunningProcess[]> {
  const table = await processTable();
  const family = new Set([processId]);
  // A child may stand before its parent in the table (ids wrap around), so repeat until nothing is added.
  for (let sizeBefore = 0; sizeBefore !== family.size;) {
    sizeBefore = family.size;
    for (const entry of table) if (family.has(entry.parentId)) family.add(entry.processId);
  }
  family.delete(processId);
  return table.filter((entry) => family.has(entry.processId));
}

/** Sends a signal; false when the process is gone already. */
export function sendSignal(processId: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(processId, signal);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

/** Polls `condition` until it holds; false when `deadlineSeconds` pass first. */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  deadlineSeconds: number,
): Promise<boolean> {
  const deadline = performance.now() + deadlineSeconds * 1000;
  while (!(await condition())) {
    if (performance.now() > deadline) return false;
    await Bun.sleep(pollIntervalMilliseconds);
  }
  return true;
}

function parsePsLine(line: string): RunningProcess | null {
  const [, processId, parentId, state, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
  if (processId === undefined || parentId === undefined || state === undefined || command === undefined) return null;
  return { processId: Number(processId), parentId: Number(parentId), state: stateFromLetter(state), command };
}

function stateFromLetter(letters: string): RunningProcess['state'] {
  if (letters.startsWith('Z') || letters.startsWith('X')) return 'zombie';
  return letters.startsWith('T') ? 'stopped' : 'running';
}

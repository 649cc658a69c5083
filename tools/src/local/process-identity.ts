import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { runningProcess } from '../postgres/process-table.ts';

/** A process, told apart from a later one that the system gave the same id. */
export const processIdentityShape = v.strictObject({
  processId: v.pipe(v.number(), v.integer(), v.minValue(2)),
  /** When it started, in words of the operating system. */
  startMark: v.string(),
});
export type ProcessIdentity = v.InferOutput<typeof processIdentityShape>;

/** The identity of a process that runs now, or null when there is none with this id. */
export async function processIdentity(processId: number): Promise<ProcessIdentity | null> {
  const startMark = await startMarkOf(processId);
  return startMark === null ? null : { processId, startMark };
}

/** Whether exactly this process still executes. A zombie does not. */
export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  const found = await runningProcess(identity.processId);
  if (found === null || found.state === 'zombie') return false;
  return (await startMarkOf(identity.processId)) === identity.startMark;
}

async function startMarkOf(processId: number): Promise<string | null> {
  try {
    if (process.platform !== 'linux') {
      const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(processId)], {
        env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
      });
      return stdout.trim() || null;
    }
    // Field 22 of stat counts from the boot, so the boot belongs to it. The name in field 2 may hold anything.
    const stat = await readFile(`/proc/${processId}/stat`, 'utf8');
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return ticks === undefined ? null : `${ticks}@${boot.trim()}`;
  } catch {
    return null;
  }
}

import { readdir, readFile } from 'node:fs/promises';

/** Processor time that a contender has used so far, in microseconds: what it costs, also on a busy machine. */
export interface CpuTime {
  readonly server: number;
  readonly postgres: number;
}

// USER_HZ, fixed at 100 on Linux for everything in /proc.
const tickMicroseconds = 10_000;

/** Reads it from /proc; null where there is none. */
export async function cpuTimeOf(contender: { processId: number; database: string }): Promise<CpuTime | null> {
  const server = await processTime(String(contender.processId));
  if (server === null) return null;
  let postgres = 0;
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const command = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    // A backend calls itself `postgres: <role> <database> <client>`.
    if (command.startsWith('postgres: kf_') && command.includes(` ${contender.database} `)) {
      postgres += (await processTime(name)) ?? 0;
    }
  }
  return { server, postgres };
}

/** Processor time of one process in microseconds; null where there is no /proc, or no such process. */
export async function processTime(processId: string | number): Promise<number | null> {
  const text = await readFile(`/proc/${processId}/stat`, 'utf8').catch(() => null);
  if (text === null) return null;
  // The second field, the command in brackets, may hold anything; utime and stime are the 14th and 15th.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMicroseconds;
}

/** Processor time of the whole machine, in microseconds: what it spent working, and what its host kept for others. */
export interface MachineTime {
  readonly worked: number;
  readonly stolen: number;
}

/** Reads it from /proc; null where there is none. */
export async function machineTime(): Promise<MachineTime | null> {
  const text = await readFile('/proc/stat', 'utf8').catch(() => null);
  return text === null ? null : machineTimeIn(text);
}

/** The times in the text of `/proc/stat`. */
export function machineTimeIn(text: string): MachineTime {
  // cpu user nice system idle iowait irq softirq steal …; guest time is part of user time.
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (text.split('\n', 1)[0] ?? '')
    .split(/ +/)
    .slice(1)
    .map(Number);
  return { worked: (user + nice + system + irq + softirq) * tickMicroseconds, stolen: steal * tickMicroseconds };
}

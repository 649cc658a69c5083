import { cpus, loadavg, release, totalmem, type } from 'node:os';

/** What one has to know of the machine to read absolute numbers; ratios travel better. */
export interface MachineFingerprint {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  readonly system: string;
  readonly bun: string;
  readonly postgres: string;
  /** Load averages over 1 minute, when the bench began and when it ended. */
  readonly loadBefore: number;
  readonly loadAfter: number;
  /** Median of single commits, as the disk is and with the longer flush. */
  readonly commitMilliseconds: { readonly native: number; readonly delayed: number | null };
}

export function machineNow(): Pick<MachineFingerprint, 'cpu' | 'cores' | 'memoryGigabytes' | 'system' | 'bun'> {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    bun: Bun.version,
  };
}

export function loadNow(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100;
}

import type { Scope } from '@karmanflow/schema';
import { workerLimits } from '../worker-limits.ts';
import { clearBuckets, isClearable } from './clear-buckets.ts';
import { type DueCursor, type DueScope, readDueScopes } from './due-scopes.ts';
import { createRemembered } from './remembered.ts';
import { type ScopeOutcome, type ScopeReport, type SweepPorts, sweepScope } from './sweep-scope.ts';

export interface SweeperPorts extends SweepPorts {
  readonly monotonicNow: () => number;
  readonly onScope: (outcome: ScopeOutcome) => void;
  /** How long a minute is kept after its end; `workerLimits.bucketGraceMilliseconds` unless a test has less time. */
  readonly bucketGraceMilliseconds?: number;
}

export interface SweepReport {
  /** Environments that were looked into. */
  readonly scopes: number;
  readonly expired: number;
  readonly bucketsCleared: number;
  readonly oldestDueSeconds: number;
}

export interface Sweeper {
  /**
   * Sweeps once across all tenants, or a page of them where there are very many: the next sweep then goes on behind it.
   * Throws when what is due cannot be read. One environment that fails does not keep the others from being swept.
   */
  sweep(signal: AbortSignal): Promise<SweepReport>;
}

export function createSweeper(ports: SweeperPorts): Sweeper {
  const told = createRemembered({ namesMax: workerLimits.rememberedScopes });
  const deniedUntil = new Map<string, number>();
  let cursor: DueCursor | null = null;

  async function sweep(signal: AbortSignal): Promise<SweepReport> {
    const due = await readDueScopes(ports.database, cursor);
    cursor = due.next;
    const waiting = due.scopes.filter(({ scope }) => !isPaused(scope));
    const reports: Omit<SweepReport, 'scopes'>[] = [];
    const runners = Array.from({ length: workerLimits.scopesAtOnce }, async () => {
      for (let next = waiting.shift(); next && !signal.aborted; next = waiting.shift()) {
        reports.push(await sweepOne(next, due.now, signal));
      }
    });
    await Promise.all(runners);
    return {
      scopes: reports.length,
      expired: sum(reports.map(({ expired }) => expired)),
      bucketsCleared: sum(reports.map(({ bucketsCleared }) => bucketsCleared)),
      oldestDueSeconds: Math.max(0, ...reports.map(({ oldestDueSeconds }) => oldestDueSeconds)),
    };
  }

  async function sweepOne(due: DueScope, now: string, signal: AbortSignal): Promise<Omit<SweepReport, 'scopes'>> {
    const { scope, oldestBucket } = due;
    const { bucketGraceMilliseconds: grace } = ports;
    try {
      const report = await sweepScope(scope, ports, signal);
      tell(scope, report);
      ports.onScope(report.blocked ? 'blocked' : 'swept');
      const bucketsCleared = isClearable({ oldestBucket, now }, grace)
        ? await clearBuckets(ports.database, scope, grace)
        : 0;
      return { ...report, bucketsCleared };
    } catch (error) {
      ports.logger.error({ err: error, ...scope }, 'an environment could not be swept; the next sweep tries again');
      ports.onScope('failed');
      return { expired: 0, bucketsCleared: 0, oldestDueSeconds: 0 };
    }
  }

  /** Once for each tenant or environment, until it is well again: a sweep comes by every second. */
  function tell(scope: Scope, { blocked, expired }: ScopeReport): void {
    if (expired > 0) ports.logger.info({ ...scope, expired }, 'holds expired');
    const aboutTenant = `${scope.tenantId} principal`;
    const aboutEnvironment = nameOf(scope);
    if (blocked === null) {
      if (expired > 0) {
        told.forget(aboutTenant);
        told.forget(aboutEnvironment);
      }
      return;
    }
    if (blocked === 'principal_missing' || blocked === 'principal_not_active') {
      if (told.add(aboutTenant))
        ports.logger.error({ ...scope, reason: blocked }, 'a tenant has no sweeper: its holds do not expire');
      return;
    }
    if (blocked === 'denied') pause(scope);
    if (!told.add(aboutEnvironment)) return;
    const level = blocked === 'environment_archived' ? 'info' : 'error';
    ports.logger[level]({ ...scope, reason: blocked }, 'an environment is not swept');
  }

  function pause(scope: Scope): void {
    if (deniedUntil.size >= workerLimits.rememberedScopes) deniedUntil.clear();
    deniedUntil.set(nameOf(scope), ports.monotonicNow() + workerLimits.deniedPauseMilliseconds);
  }

  function isPaused(scope: Scope): boolean {
    const until = deniedUntil.get(nameOf(scope));
    if (until === undefined) return false;
    if (ports.monotonicNow() < until) return true;
    deniedUntil.delete(nameOf(scope));
    return false;
  }

  return { sweep };
}

function nameOf(scope: Scope): string {
  return `${scope.tenantId} ${scope.environmentId}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

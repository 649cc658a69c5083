import type { Logger } from '@karmanflow/runtime';
import type { Scope } from '@karmanflow/schema';
import { type DueCursor, readDueScopes } from '../sweeper/due-scopes.ts';
import { createRemembered } from '../sweeper/remembered.ts';
import { workerLimits } from '../worker-limits.ts';
import { bulkLimits } from './bulk-limits.ts';
import type { VisitOutcome } from './bulk-metrics.ts';
import type { Places } from './run-mass-cancel.ts';
import { type VisitPorts, type VisitReport, visitScope } from './visit-scope.ts';

export interface BulkRunnerPorts extends Omit<VisitPorts, 'places' | 'lookAgainAt'> {
  readonly logger: Logger;
  readonly monotonicNow: () => number;
  readonly onVisit: (outcome: VisitOutcome) => void;
}

export interface RoundReport {
  /** Operations that were found under way. */
  readonly operations: number;
  readonly ended: number;
}

export interface BulkRunner {
  /**
   * Goes once across all tenants, or a page of them where there are very many. Throws when the queue cannot be read; one
   * environment that fails does not keep the others waiting.
   */
  round(signal: AbortSignal): Promise<RoundReport>;
}

/**
 * Finds operations under way as the sweeper finds holds: by the minutes in the one queue that is seen across tenants, in
 * which an operation's beginning stands until nothing is under way any more; everything else is read inside each scope.
 */
export function createBulkRunner(ports: BulkRunnerPorts): BulkRunner {
  const told = createRemembered({ namesMax: workerLimits.rememberedScopes });
  const deniedUntil = new Map<string, number>();
  const visitPorts: VisitPorts = {
    ...ports,
    places: new Map() satisfies Places,
    lookAgainAt: new Map(),
  };
  let cursor: DueCursor | null = null;

  async function round(signal: AbortSignal): Promise<RoundReport> {
    const due = await readDueScopes(ports.database, cursor);
    cursor = due.next;
    const waiting = due.scopes.map(({ scope }) => scope).filter((scope) => !isPaused(scope));
    const reports: VisitReport[] = [];
    const runners = Array.from({ length: bulkLimits.scopesAtOnce }, async () => {
      for (let next = waiting.shift(); next && !signal.aborted; next = waiting.shift()) {
        const report = await visit(next, signal);
        if (report) reports.push(report);
      }
    });
    await Promise.all(runners);
    return {
      operations: reports.reduce((sum, { operations }) => sum + operations, 0),
      ended: reports.reduce((sum, { ended }) => sum + ended, 0),
    };
  }

  async function visit(scope: Scope, signal: AbortSignal): Promise<VisitReport | null> {
    try {
      const report = await visitScope(scope, visitPorts, signal);
      tell(scope, report);
      if (report.operations > 0) ports.onVisit(report.blocked ? 'blocked' : 'worked');
      return report;
    } catch (error) {
      ports.logger.error(
        { err: error, ...scope },
        'operations of an environment could not go on; the next round tries again',
      );
      ports.onVisit('failed');
      return null;
    }
  }

  /** Once for each environment, until it is well again: a round comes by every second. */
  function tell(scope: Scope, { blocked, operations, ended }: VisitReport): void {
    if (ended > 0) ports.logger.info({ ...scope, ended }, 'operations ended');
    const name = nameOf(scope);
    if (blocked === null) {
      if (operations > 0) told.forget(name);
      return;
    }
    // Each denial leaves a receipt, so an environment that denies is not asked again at once.
    if (blocked === 'denied') pause(scope);
    if (!told.add(name)) return;
    const level = blocked === 'environment_archived' ? 'info' : 'error';
    ports.logger[level]({ ...scope, reason: blocked, operations }, 'operations of an environment do not go on');
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

  return { round };
}

function nameOf(scope: Scope): string {
  return `${scope.tenantId} ${scope.environmentId}`;
}

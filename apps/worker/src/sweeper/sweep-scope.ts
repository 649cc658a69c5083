import type { Caller, Executor } from '@karmanflow/commands';
import {
  activeTraceparent,
  type Logger,
  mintTraceparent,
  type RequestIdentity,
  runWithIdentity,
  type Telemetry,
  withSpan,
} from '@karmanflow/runtime';
import { type Database, newId, type Scope } from '@karmanflow/schema';
import { workerLimits } from '../worker-limits.ts';
import { type DuePage, type Perishable, perishables, readDueEnds } from './due-ends.ts';
import { expireDue, type ExpiryOutcome } from './expire-due.ts';
import { findSweeper, type NoSweeper } from './find-sweeper.ts';

export interface SweepPorts {
  readonly database: Database;
  readonly executor: Executor;
  readonly logger: Logger;
  readonly tracer: Telemetry['tracer'];
  readonly uuidSource: () => string;
  readonly randomBytes: (size: number) => Uint8Array;
  readonly onExpiry: (outcome: ExpiryOutcome) => void;
}

/**
 * swept    looked at, and everything that was due was tried
 * blocked  cannot be swept: archived, without its principal, or denied by policy
 * failed   threw; the next sweep tries again
 */
export const scopeOutcomes = ['swept', 'blocked', 'failed'] as const;
export type ScopeOutcome = (typeof scopeOutcomes)[number];

export interface ScopeReport {
  readonly expired: number;
  /** How long the oldest hold that was found had been over; 0 without any. */
  readonly oldestDueSeconds: number;
  readonly blocked: NoSweeper | 'denied' | null;
}

const nothingDue: ScopeReport = { expired: 0, oldestDueSeconds: 0, blocked: null };

/** Ends what is over in one environment, kind by kind and page by page. Throws when the database does not answer. */
export async function sweepScope(scope: Scope, ports: SweepPorts, signal: AbortSignal): Promise<ScopeReport> {
  let report = nothingDue;
  for (const perishable of perishables) {
    const swept = await sweepKind(perishable, scope, ports, signal);
    report = {
      expired: report.expired + swept.expired,
      oldestDueSeconds: Math.max(report.oldestDueSeconds, swept.oldestDueSeconds),
      blocked: report.blocked ?? swept.blocked,
    };
  }
  return report;
}

async function sweepKind(
  perishable: Perishable,
  scope: Scope,
  ports: SweepPorts,
  signal: AbortSignal,
): Promise<ScopeReport> {
  const first = await readDueEnds(ports.database, scope, { perishable, after: null });
  const [oldest] = first.ends;
  if (!oldest) return nothingDue;
  const found = await findSweeper(ports.database, scope);
  const isArchived = !found.ok && found.reason === 'environment_archived';
  const overMilliseconds = Date.parse(first.now) - Date.parse(oldest.expiresAt);
  const oldestDueSeconds = isArchived ? 0 : Math.max(0, overMilliseconds / 1000);
  if (!found.ok) return { expired: 0, oldestDueSeconds, blocked: found.reason };
  const attributes = { 'kf.tenant_id': scope.tenantId, 'kf.environment_id': scope.environmentId };
  const { expired, denied } = await withSpan(ports.tracer, 'expiry.sweep', { attributes }, () => {
    const identity = mintIdentity(ports);
    return runWithIdentity(identity, () =>
      expirePages(first, { perishable, scope, ports, signal, identity, caller: found.caller }),
    );
  });
  return { expired, oldestDueSeconds, blocked: denied ? 'denied' : null };
}

interface PagesContext {
  readonly perishable: Perishable;
  readonly scope: Scope;
  readonly ports: SweepPorts;
  readonly signal: AbortSignal;
  readonly identity: RequestIdentity;
  readonly caller: Caller;
}

async function expirePages(first: DuePage, context: PagesContext): Promise<{ expired: number; denied: boolean }> {
  const { perishable, scope, ports, signal, identity, caller } = context;
  let expired = 0;
  let page = first;
  for (let pages = 1; ; pages += 1) {
    // All at once: the executor puts them into as few transactions as it can.
    const outcomes = await Promise.all(
      page.ends.map((due) =>
        expireDue(perishable, due, {
          executor: ports.executor,
          metadata: {
            caller,
            correlationId: identity.correlationId,
            causationId: identity.causationId,
            requestId: newId('request', ports.uuidSource),
            traceparent: identity.traceparent,
          },
        }),
      ),
    );
    for (const outcome of outcomes) ports.onExpiry(outcome);
    expired += outcomes.filter((outcome) => outcome === 'expired').length;
    if (outcomes.includes('denied')) return { expired, denied: true };
    const last = page.ends.at(-1);
    if (!page.isFull || !last || pages >= workerLimits.pagesPerScope || signal.aborted)
      return { expired, denied: false };
    page = await readDueEnds(ports.database, scope, { perishable, after: last });
    if (page.ends.length === 0) return { expired, denied: false };
  }
}

/** One correlation for what one sweep does in one environment; each expiry is a request of its own. */
function mintIdentity(ports: SweepPorts): RequestIdentity {
  return {
    correlationId: newId('correlation', ports.uuidSource),
    requestId: newId('request', ports.uuidSource),
    causationId: null,
    externalCorrelationId: null,
    traceparent: activeTraceparent() ?? mintTraceparent(ports.randomBytes),
    tracestate: null,
  };
}

import { inventory, reservation } from '@karmanflow/commands';
import {
  activeTraceparent,
  mintTraceparent,
  type RequestIdentity,
  runWithIdentity,
  type Telemetry,
  withSpan,
} from '@karmanflow/runtime';
import { limits, newId, type Scope } from '@karmanflow/schema';
import { findSystemCaller, type NoSystemCaller } from '../find-system-caller.ts';
import { type ApplyPorts, applyPolicy } from './apply-policies.ts';
import { bulkLimits } from './bulk-limits.ts';
import { type MassCancelPorts, type OperationOutcome, runMassCancel } from './run-mass-cancel.ts';

/** The handle of the principal, of type SYSTEM, that each tenant has for carrying out what was approved as a whole. */
export const bulkRunnerHandle = 'bulk-runner';

export type VisitPorts = Omit<MassCancelPorts & ApplyPorts, 'caller' | 'identity'> & {
  readonly tracer: Telemetry['tracer'];
  readonly randomBytes: (size: number) => Uint8Array;
};

export interface VisitReport {
  /** Operations that were under way when the visit began. */
  readonly operations: number;
  readonly ended: number;
  readonly blocked: NoSystemCaller | 'denied' | null;
}

/** Goes on with every operation that is under way in one environment. Throws when the database does not answer. */
export async function visitScope(scope: Scope, ports: VisitPorts, signal: AbortSignal): Promise<VisitReport> {
  const massCancels = await reservation.readRunningMassCancels(ports.database, scope);
  const applications = await readApplications(scope, ports);
  const operations = massCancels.length + applications.length;
  if (operations === 0) return { operations, ended: 0, blocked: null };
  const found = await findSystemCaller(ports.database, scope, { handle: bulkRunnerHandle, role: 'bulk_runner' });
  if (!found.ok) return { operations, ended: 0, blocked: found.reason };
  const attributes = { 'kf.tenant_id': scope.tenantId, 'kf.environment_id': scope.environmentId };
  return withSpan(ports.tracer, 'bulk.visit', { attributes }, () => {
    const identity = mintIdentity(ports);
    const context = { scope, signal, ports: { ...ports, caller: found.caller, identity } };
    return runWithIdentity(identity, async () => {
      const outcomes: OperationOutcome[] = [];
      // One after the other: they contend for the same levels, and each sends many commands at once.
      for (const application of applications) outcomes.push(await applyPolicy(application, context));
      for (const operation of massCancels) outcomes.push(await runMassCancel(operation, context));
      const ended = outcomes.filter((outcome) => outcome === 'ended').length;
      return { operations, ended, blocked: outcomes.includes('denied') ? 'denied' : null };
    });
  });
}

/** All that run, up to a bound: those that only wait to be settled must not hide the ones behind them. */
async function readApplications(
  scope: Scope,
  { database }: Pick<VisitPorts, 'database'>,
): Promise<inventory.RunningApplication[]> {
  const all: inventory.RunningApplication[] = [];
  for (let pages = 0; pages < bulkLimits.pagesPerVisit; pages += 1) {
    const page = await inventory.readRunningApplications(database, scope, all.at(-1) ?? null);
    all.push(...page);
    if (page.length < limits.pageSizeMax) break;
  }
  return all;
}

/** One correlation for what one visit does in one environment; each command is a request of its own. */
function mintIdentity(ports: Pick<VisitPorts, 'uuidSource' | 'randomBytes'>): RequestIdentity {
  return {
    correlationId: newId('correlation', ports.uuidSource),
    requestId: newId('request', ports.uuidSource),
    causationId: null,
    externalCorrelationId: null,
    traceparent: activeTraceparent() ?? mintTraceparent(ports.randomBytes),
    tracestate: null,
  };
}

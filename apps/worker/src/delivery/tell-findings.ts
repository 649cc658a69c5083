import { type AnyCommand, type Executor, webhook } from '@karmanflow/commands';
import { mintTraceparent, type RandomBytes, type RequestIdentity, type Logger } from '@karmanflow/runtime';
import { type Database, newId, type Scope, toId, type UuidSource } from '@karmanflow/schema';
import { dispatchLimits, type EndedRecovery, healthName, type Visited } from '@karmanflow/webhooks';
import { sendPart } from '../bulk/send-part.ts';
import { findSystemCaller } from '../find-system-caller.ts';
import { createRemembered } from '../sweeper/remembered.ts';
import { workerLimits } from '../worker-limits.ts';
import type { TellOutcome } from './delivery-metrics.ts';
import { workerDeliveryLimits } from './worker-delivery-limits.ts';

/** The handle of the principal, of type SYSTEM, that each tenant has for putting on record what delivery finds. */
export const dispatcherHandle = 'webhook-dispatcher';

export interface TellPorts {
  /** As kf_worker: what it says are commands like everybody's. */
  readonly database: Database;
  readonly executor: Executor;
  readonly logger: Logger;
  readonly uuidSource: UuidSource;
  readonly randomBytes: RandomBytes;
  readonly monotonicNow: () => number;
  readonly onTold: (outcome: TellOutcome) => void;
}

/** What is put on record, under a key that follows from it: any number of processes and attempts say it once. */
interface Finding {
  readonly scope: Scope;
  readonly definition: AnyCommand;
  readonly input: Readonly<Record<string, unknown>>;
  readonly key: string;
}

export interface FindingTeller {
  /** Puts on record what a visit found. Never rejects; what failed is found again by a later visit. */
  tell(scope: Scope, visit: Visited): void;
  /** Resolves when nothing is being said any more. */
  idle(): Promise<void>;
}

/** Tells of health and of recoveries beside the deliveries, which never wait for it. */
export function createFindingTeller(ports: TellPorts): FindingTeller {
  const toldUntil = new Map<string, number>();
  const complained = createRemembered({ namesMax: workerDeliveryLimits.toldMax });
  const telling = new Set<Promise<void>>();

  function isPaused(key: string): boolean {
    const until = toldUntil.get(key);
    if (until !== undefined && ports.monotonicNow() < until) return true;
    pauseFor(key, dispatchLimits.tellPauseMilliseconds);
    return false;
  }

  function pauseFor(key: string, milliseconds: number): void {
    if (toldUntil.size >= workerDeliveryLimits.toldMax) toldUntil.clear();
    toldUntil.set(key, ports.monotonicNow() + milliseconds);
  }

  async function say({ scope, definition, input, key }: Finding): Promise<TellOutcome> {
    const principal = { handle: dispatcherHandle, role: 'webhook_dispatcher' } as const;
    const found = await findSystemCaller(ports.database, scope, principal);
    if (!found.ok) {
      if (complained.add(`${scope.tenantId} ${found.reason}`))
        ports.logger.error({ ...scope, reason: found.reason }, 'what delivery finds cannot be put on record');
      return 'blocked';
    }
    const identity = mintIdentity(ports);
    const part = { definition, input, idempotencyKey: key, causationId: null };
    const { outcome } = await sendPart(part, { ...ports, caller: found.caller, identity });
    return ({ done: 'told', refused: 'unneeded', denied: 'blocked', failed: 'failed' } as const)[outcome];
  }

  function start(finding: Finding): void {
    if (isPaused(finding.key)) return;
    const saying = sayAndNote(finding).finally(() => void telling.delete(saying));
    telling.add(saying);
  }

  async function sayAndNote(finding: Finding): Promise<void> {
    const outcome = await say(finding).catch((error: unknown): TellOutcome => {
      ports.logger.warn({ err: error, ...finding.scope }, 'a finding of delivery could not be put on record');
      return 'failed';
    });
    if (outcome === 'failed') toldUntil.delete(finding.key);
    // A denial leaves a receipt each time.
    if (outcome === 'blocked') pauseFor(finding.key, workerLimits.deniedPauseMilliseconds);
    ports.onTold(outcome);
  }

  return {
    tell(scope, visit) {
      if (visit.isHealthUntold) start(healthFinding(scope, visit));
      if (visit.endedRecovery) start(recoveryFinding(scope, visit.endedRecovery));
    },
    idle: async () => void (await Promise.all(telling)),
  };
}

function healthFinding(scope: Scope, { subscription, health }: Visited): Finding {
  const { evidence } = health;
  const subscriptionId = toId('webhookSubscription', subscription.id);
  const since = new Date(health.sinceMilliseconds).toISOString();
  const healthEpoch = subscription.health_epoch;
  return {
    scope,
    definition: webhook.recordHealth,
    key: `health:${subscriptionId}:${healthEpoch}:${healthName(health)}:${since}`,
    input: {
      subscriptionId,
      healthEpoch,
      health: healthName(health),
      reason: health.reason,
      since,
      evidence: {
        consecutiveFailures: evidence.consecutiveFailures,
        failingSince: timeOf(evidence.failingSinceMilliseconds),
        lastFailureCode: evidence.lastFailureCode,
        lastFailureAt: timeOf(evidence.lastFailureAtMilliseconds),
        lastSuccessAt: timeOf(evidence.lastSuccessAtMilliseconds),
        nextProbeAt: timeOf(health.nextProbeAtMilliseconds),
      },
    },
  };
}

function recoveryFinding(scope: Scope, { recoveryId: uuid, ...end }: EndedRecovery): Finding {
  const recoveryId = toId('webhookRecovery', uuid);
  return {
    scope,
    definition: webhook.finishRecovery,
    // A recovery that was cancelled and resumed ends again, with other counts.
    key: `recovery:${recoveryId}:${end.doneCount}:${end.failedCount}`,
    input: { recoveryId, ...end },
  };
}

function timeOf(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}

function mintIdentity({ uuidSource, randomBytes }: TellPorts): RequestIdentity {
  return {
    correlationId: newId('correlation', uuidSource),
    requestId: newId('request', uuidSource),
    causationId: null,
    externalCorrelationId: null,
    traceparent: mintTraceparent(randomBytes),
    tracestate: null,
  };
}

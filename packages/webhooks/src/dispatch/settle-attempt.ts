import type { DeliveryResult } from '../delivery/delivery-result.ts';
import type { EndpointHealth, HealthPolicy } from '../delivery/endpoint-health.ts';
import { evolveHealth } from '../delivery/evolve-health.ts';
import { type DeliveryVerdict, judgeResult } from '../delivery/judge-result.ts';
import { nextAttempt, type NextAttempt } from '../delivery/next-attempt.ts';
import { readRetryAfter } from '../delivery/read-retry-after.ts';
import { defaultRetrySchedule, type RetrySchedule } from '../delivery/retry-schedule.ts';
import type { DeliveryOrdering } from './delivery-sequence.ts';
import type { DeliveryLane } from './plan-claims.ts';

/** An attempt that was made, by the lease under which it was claimed. Times are those of the database's clock. */
export interface AttemptResult {
  readonly deliveryId: string;
  readonly leaseId: string;
  readonly isProbe: boolean;
  readonly startedAtMilliseconds: number;
  readonly endedAtMilliseconds: number;
  /** Null when it was never begun: too late for its lease, or the process was told to stop. */
  readonly result: DeliveryResult | null;
  /** SHA-256 of the body; null when none could be made. */
  readonly requestDigest: Uint8Array | null;
  readonly traceparent: string;
  /** From 0 to below 1, for the jitter of what comes next. */
  readonly random: number;
}

export type DeliveryState = 'WAITING' | 'SENDING' | 'DELIVERED' | 'PARKED' | 'EXHAUSTED' | 'DROPPED';

/** What a delivery is like while it is attempted. */
export interface AttemptedDelivery {
  readonly attempts: number;
  readonly chargedAttempts: number;
  readonly lane: DeliveryLane;
}

/** What becomes of a delivery, and of the health of its endpoint. */
export interface Settlement {
  readonly verdict: DeliveryVerdict;
  readonly state: DeliveryState;
  readonly lane: DeliveryLane;
  readonly chargedAttempts: number;
  readonly nextAttemptAtMilliseconds: number | null;
  readonly why: string;
  readonly health: EndpointHealth;
}

export interface SettleInput {
  readonly attempt: AttemptResult;
  readonly result: DeliveryResult;
  readonly delivery: AttemptedDelivery;
  readonly ordering: DeliveryOrdering;
  readonly health: EndpointHealth;
  readonly healthPolicy?: HealthPolicy | undefined;
  readonly schedule?: RetrySchedule | undefined;
}

/** Decides what follows from an attempt. Pure. */
export function settleAttempt(input: SettleInput): Settlement {
  const { attempt, result, delivery, schedule = defaultRetrySchedule } = input;
  const { endedAtMilliseconds: nowMilliseconds, random } = attempt;
  const verdict = judgeResult(result);
  const retryAfterMilliseconds = readRetryAfter(result.responseHeaders['retry-after'], { nowMilliseconds });
  const health = evolveHealth(
    input.health,
    {
      kind: 'attempted',
      verdict,
      code: codeOf(result),
      startedAtMilliseconds: attempt.startedAtMilliseconds,
      atMilliseconds: nowMilliseconds,
      retryAfterMilliseconds: retryAfterMilliseconds ?? null,
      random,
    },
    input.healthPolicy,
  );
  const isCharged = !attempt.isProbe && verdict !== 'not_charged' && verdict !== 'gone';
  const chargedAttempts = delivery.chargedAttempts + (isCharged ? 1 : 0);
  const next = nextAttempt({
    // In strict order nothing is given up by itself: what comes after it could not be sent either.
    attempt: Math.min(Math.max(1, chargedAttempts), lastRetry(input, schedule)),
    verdict,
    nowMilliseconds,
    random,
    retryAfterMilliseconds,
    schedule,
  });
  const settled = settle({ next, result, nowMilliseconds, isProbe: attempt.isProbe, health });
  const lane = delivery.lane === 'FIRST' && settled.state === 'WAITING' && isCharged ? 'RETRY' : delivery.lane;
  return { verdict, health, lane, chargedAttempts, ...settled };
}

/** The failure with its status, as people read it. Null for a success. */
export function codeOf(result: DeliveryResult): string | null {
  if (result.kind === 'delivered') return null;
  return result.status === undefined ? result.code : `${result.code}:${result.status}`;
}

function lastRetry({ ordering, attempt }: SettleInput, schedule: RetrySchedule): number {
  const isEndless = ordering === 'STRICT' || attempt.isProbe;
  return isEndless ? schedule.delaysSeconds.length : Number.MAX_SAFE_INTEGER;
}

function settle(end: {
  readonly next: NextAttempt;
  readonly result: DeliveryResult;
  readonly nowMilliseconds: number;
  readonly isProbe: boolean;
  readonly health: EndpointHealth;
}): Pick<Settlement, 'state' | 'nextAttemptAtMilliseconds' | 'why'> {
  const { next, result, nowMilliseconds, isProbe, health } = end;
  switch (next.kind) {
    case 'done':
      return { state: 'DELIVERED', nextAttemptAtMilliseconds: null, why: 'delivered' };
    case 'exhausted':
      return { state: 'EXHAUSTED', nextAttemptAtMilliseconds: null, why: 'schedule_exhausted' };
    case 'unsendable':
      return { state: 'EXHAUSTED', nextAttemptAtMilliseconds: null, why: `unsendable:${reasonOf(result)}` };
    case 'gone':
      // It stands where it stood, for the case that a person resumes.
      return { state: 'WAITING', nextAttemptAtMilliseconds: nowMilliseconds, why: 'receiver_gone' };
    case 'retry':
      if (result.kind === 'failed' && result.code === 'cancelled') {
        return { state: 'WAITING', nextAttemptAtMilliseconds: nowMilliseconds, why: 'cancelled' };
      }
      if (isProbe && health.status === 'suspended') {
        return { state: 'WAITING', nextAttemptAtMilliseconds: health.nextProbeAtMilliseconds, why: 'next_probe' };
      }
      return { state: 'WAITING', nextAttemptAtMilliseconds: next.atMilliseconds, why: next.reason };
  }
}

function reasonOf(result: DeliveryResult): string {
  return result.kind === 'failed' ? result.reason : '';
}

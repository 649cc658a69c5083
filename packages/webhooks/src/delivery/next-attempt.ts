import { deliveryLimits } from './delivery-limits.ts';
import type { DeliveryVerdict } from './judge-result.ts';
import { defaultRetrySchedule, retryDelayMilliseconds, withJitter, type RetrySchedule } from './retry-schedule.ts';

/** Why the next attempt is when it is. */
export type RetryReason = 'schedule' | 'slow_down' | 'retry_after' | 'not_charged';

/**
 * done       delivered
 * retry      attempt number `attempt` is due at `atMilliseconds`
 * exhausted  every attempt of the schedule has failed
 * gone       the receiver answered 410; the endpoint is to be disabled
 * unsendable no attempt of this delivery can succeed
 */
export type NextAttempt =
  | { readonly kind: 'done' }
  | {
      readonly kind: 'retry';
      readonly attempt: number;
      readonly atMilliseconds: number;
      readonly delayMilliseconds: number;
      readonly reason: RetryReason;
    }
  | { readonly kind: 'exhausted'; readonly attempts: number }
  | { readonly kind: 'gone' }
  | { readonly kind: 'unsendable' };

export interface NextAttemptInput {
  /** The number of the attempt that was made, from 1. */
  readonly attempt: number;
  readonly verdict: DeliveryVerdict;
  readonly nowMilliseconds: number;
  /** From 0 to below 1. */
  readonly random: number;
  /** What `readRetryAfter` made of the response. It can lengthen a wait, up to a day, never shorten it. */
  readonly retryAfterMilliseconds?: number | undefined;
  readonly schedule?: RetrySchedule;
}

/** Decides what becomes of a delivery after an attempt. Pure. */
export function nextAttempt(input: NextAttemptInput): NextAttempt {
  const { attempt, verdict, random, schedule = defaultRetrySchedule } = input;
  if (verdict === 'delivered') return { kind: 'done' };
  if (verdict === 'gone' || verdict === 'unsendable') return { kind: verdict };
  const scheduled = retryDelayMilliseconds({ schedule, attempt, random });
  if (verdict === 'not_charged') {
    const { notChargedDelaySeconds: delaySeconds, jitterRatio: ratio } = schedule;
    return retry({ input, attempt, delay: withJitter({ delaySeconds, ratio, random }), reason: 'not_charged' });
  }
  if (scheduled === undefined) return { kind: 'exhausted', attempts: attempt };

  const slowDownMin = verdict === 'slow_down' ? schedule.slowDownMinSeconds * 1000 : 0;
  const retryAfter = readableDelay(input.retryAfterMilliseconds);
  const delay = Math.max(scheduled, slowDownMin, retryAfter);
  const reason = delay === scheduled ? 'schedule' : delay === slowDownMin ? 'slow_down' : 'retry_after';
  return retry({ input, attempt: attempt + 1, delay, reason });
}

/** A number that a receiver had a hand in: judged again here, where it moves a date. */
function readableDelay(milliseconds: number | undefined): number {
  if (milliseconds === undefined || !(milliseconds > 0)) return 0;
  return Math.min(milliseconds, deliveryLimits.retryAfterMaxMilliseconds);
}

function retry(decision: {
  readonly input: NextAttemptInput;
  readonly attempt: number;
  readonly delay: number;
  readonly reason: RetryReason;
}): NextAttempt {
  const { input, attempt, delay: delayMilliseconds, reason } = decision;
  const atMilliseconds = input.nowMilliseconds + delayMilliseconds;
  return { kind: 'retry', attempt, atMilliseconds, delayMilliseconds, reason };
}

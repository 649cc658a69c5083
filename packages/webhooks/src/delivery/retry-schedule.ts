/** When a delivery is tried again. Data, so that a tenant can have another one. */
export interface RetrySchedule {
  /** How long to wait after the first, second, … failed attempt. One more attempt than there are delays. */
  readonly delaysSeconds: readonly number[];
  /** Each delay is stretched or shortened by at most this part of itself, so that retries do not come in waves. */
  readonly jitterRatio: number;
  /** The shortest wait after the receiver asked for less. */
  readonly slowDownMinSeconds: number;
  /** The wait after an attempt that failed on our own side. It does not count as an attempt. */
  readonly notChargedDelaySeconds: number;
}

/** The example of Standard Webhooks: ten attempts within 75 hours, 35 minutes and 5 seconds, before jitter. */
export const defaultRetrySchedule: RetrySchedule = {
  delaysSeconds: [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400],
  jitterRatio: 0.2,
  slowDownMinSeconds: 60,
  notChargedDelaySeconds: 30,
};

export const retryScheduleLimits = { delaysMax: 50, delayMaxSeconds: 604_800, jitterRatioMax: 0.5 } as const;

/**
 * The wait after a failed attempt, in milliseconds with jitter, or undefined after the last one. `random` is from 0 to
 * below 1. Throws for a schedule, an attempt or a random number out of range, which are the caller's own.
 */
export function retryDelayMilliseconds(input: {
  readonly schedule: RetrySchedule;
  readonly attempt: number;
  readonly random: number;
}): number | undefined {
  const { schedule, attempt, random } = input;
  requireSchedule(schedule);
  if (!Number.isInteger(attempt) || attempt < 1) throw new RangeError('An attempt has a whole number from 1.');
  const delaySeconds = schedule.delaysSeconds[attempt - 1];
  return delaySeconds === undefined ? undefined : withJitter({ delaySeconds, ratio: schedule.jitterRatio, random });
}

/** Milliseconds around the delay, evenly spread. */
export function withJitter(input: {
  readonly delaySeconds: number;
  readonly ratio: number;
  readonly random: number;
}): number {
  const { delaySeconds, ratio, random } = input;
  if (!(random >= 0 && random < 1)) throw new RangeError('A random number is from 0 to below 1.');
  return Math.round(delaySeconds * 1000 * (1 + ratio * (2 * random - 1)));
}

function requireSchedule(schedule: RetrySchedule): void {
  const { delaysSeconds, jitterRatio, slowDownMinSeconds, notChargedDelaySeconds } = schedule;
  const { delaysMax, delayMaxSeconds, jitterRatioMax } = retryScheduleLimits;
  const delays = [...delaysSeconds, slowDownMinSeconds, notChargedDelaySeconds];
  const areBounded = delays.every((delay) => delay >= 0 && delay <= delayMaxSeconds);
  if (areBounded && delaysSeconds.length <= delaysMax && jitterRatio >= 0 && jitterRatio <= jitterRatioMax) return;
  throw new RangeError('A retry schedule has a delay, a number of delays or a jitter out of range.');
}

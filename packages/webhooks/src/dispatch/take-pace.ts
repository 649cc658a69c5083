/** How many deliveries a rate allows now, and until when it is used up (the generic cell rate algorithm). */
export interface Pace {
  readonly allowed: number;
  /** The state after `count` deliveries; null while nothing is used up. */
  readonly after: (count: number) => number | null;
  /** When the next one is allowed, where none is now. */
  readonly nextAtMilliseconds: number | null;
}

/** At most a quarter of a second's worth at once, so that a rate is one also for a receiver that counts in short windows. */
const burstPart = 0.25;

/** Pure: the state is one time, so that it is exact over all processes that share its row. */
export function takePace(input: {
  readonly ratePerSecond: number;
  readonly pacedUntilMilliseconds: number | null;
  readonly nowMilliseconds: number;
}): Pace {
  const { ratePerSecond, pacedUntilMilliseconds, nowMilliseconds } = input;
  const intervalMilliseconds = 1000 / ratePerSecond;
  const burst = Math.max(1, Math.floor(ratePerSecond * burstPart));
  const usedUntil = Math.max(pacedUntilMilliseconds ?? nowMilliseconds, nowMilliseconds);
  // Without the small addition a time that was rounded to milliseconds would cost a delivery.
  const allowed = Math.max(0, Math.floor(burst - (usedUntil - nowMilliseconds) / intervalMilliseconds + 1e-6));
  return {
    allowed,
    after: (count) => (count === 0 ? pacedUntilMilliseconds : Math.ceil(usedUntil + count * intervalMilliseconds)),
    nextAtMilliseconds: allowed > 0 ? null : usedUntil - (burst - 1) * intervalMilliseconds,
  };
}

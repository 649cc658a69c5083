import { workerLimits } from '../worker-limits.ts';

/** Every bound of carrying out what was approved as a whole. */
export const bulkLimits = {
  /** Environments that are worked in at the same time. */
  scopesAtOnce: 2,
  /** Reservations of one mass cancellation that are sent at the same time: below what the executor queues for a scope. */
  partsAtOnce: 200,
  /** Stretches of reservations, and pages of applications, that one visit looks through. */
  pagesPerVisit: 20,
  /** Commands by which one visit brings levels to one policy. */
  chunksPerVisit: 40,
  /**
   * How long after a policy was set a level may still be opened by a transaction that did not see it: longer than any
   * transaction lives, for the reason that `workerLimits.bucketGraceMilliseconds` has.
   */
  settleMilliseconds: workerLimits.bucketGraceMilliseconds,
  /** How often an application that waits to be settled is looked at: each look goes over all levels that it is for. */
  lookAgainMilliseconds: 15_000,
  /** Places and times that are remembered between visits; what is forgotten is looked at from the front, and at once. */
  rememberedPlaces: 10_000,
} as const;

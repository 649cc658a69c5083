import { limits } from '@karmanflow/schema';

/** Every bound of this process that is not one of the whole system's `limits`. */
export const workerLimits = {
  /** Environments that are swept at the same time. With a page each they stay below the executor's queue. */
  scopesAtOnce: 4,
  /** Pages of one environment in one sweep: a mass expiry of one must not keep all others waiting. */
  pagesPerScope: 8,
  /**
   * How long a bucket is kept after its minute: longer than any transaction that may still be writing into it. The client
   * gives up after `transactionTimeoutMilliseconds`, the server after a statement timeout for each of a batch's statements.
   */
  bucketGraceMilliseconds: 5 * 60_000,
  /** Keys of one expiry that were used up while the database's clock was behind; see expire-due.ts. */
  keysPerExpiry: 8,
  /** A denial leaves a receipt each time, so an environment that denies is not asked again at once. */
  deniedPauseMilliseconds: 5 * 60_000,
  /** Environments and tenants that are remembered as logged, or as paused. */
  rememberedScopes: 10_000,
  /** Connections that the executor leaves to the sweeper's own reading. */
  readConnections: 2,
  /** Secrets are read once, at the start. */
  secretCacheMilliseconds: 60_000,
  idleTimeoutSeconds: 10,
  requestBodyBytes: 1_024,
  readinessDeadlineMilliseconds: 2_000,
  readinessKeptMilliseconds: 500,
  /** Stopping, all steps together, stays below what the process has until it is ended by force. */
  sweepStopMilliseconds: 4_500,
  stopStepMilliseconds: 500,
  telemetryStopMilliseconds: 1_600,
  bucketMilliseconds: limits.expiryBucketSeconds * 1_000,
} as const;

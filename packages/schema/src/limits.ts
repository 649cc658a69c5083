/** Every bound of the system in one place. Units stand last in each name. */
export const limits = {
  // Input
  requestBodyBytes: 256 * 1024,
  ingestBodyBytes: 1024 * 1024,
  jsonDepth: 16,
  textLength: 200,
  reasonLength: 500,
  codeLength: 64,
  idempotencyKeyLength: 255,
  scopesPerKey: 128,
  environmentsPerTenant: 16,
  locationsPerChannel: 64,
  reservationLines: 50,
  quantityUnits: 1_000_000_000,
  pageSizeDefault: 50,
  pageSizeMax: 200,

  // Reservations
  reservationHoldDefaultSeconds: 15 * 60,
  reservationHoldMinSeconds: 1,
  reservationHoldMaxSeconds: 4 * 60 * 60,
  reservationExtensions: 8,
  approvalTtlSeconds: 24 * 60 * 60,

  // Oversell policies, allocation, mass cancellation
  oversellRevisions: 1_000,
  oversellLevelsPerCommand: 50,
  allocationCandidates: 64,
  allocationsPerReservation: 200,
  massCancelReservations: 100_000,
  massCancelSample: 20,
  massCancelScanReservations: 5_000,

  // Receipts and events
  receiptBytes: 65_000,
  eventBytes: 64 * 1024,
  responseBytes: 64 * 1024,

  // Executor
  batchCommands: 256,
  lanesPerScope: 4,
  /** Of the event loop, while an idle lane gathers commands. Busy turns are long, and the first command waits for all of them. */
  gatheringTurns: 16,
  queueCommands: 4096,
  queueCommandsPerScope: 2048,
  commandDeadlineMilliseconds: 10_000,
  /** Deadlines end the tries of a batch long before; this ends them also where no time passes between two. */
  batchAttempts: 64,
  recentIdempotencyKeys: 50_000,
  /**
   * Commands that are decided before their rows are sent, so that the database works while the rest is decided: few at first,
   * since it waits for them, and then twice as many each time.
   */
  decideFirstCommands: 8,
  decideAheadCommands: 32,
  retryAfterSeconds: 1,
  drainMilliseconds: 6_000,

  // Database
  connectTimeoutMilliseconds: 5_000,
  statementTimeoutMilliseconds: 5_000,
  lockTimeoutMilliseconds: 4_000,
  idleInTransactionTimeoutMilliseconds: 5_000,
  transactionTimeoutMilliseconds: 9_000,
  poolConnections: 8,

  // Credentials
  credentialCacheMilliseconds: 500,
  credentialCacheEntries: 10_000,
  webhookToleranceSeconds: 300,

  // Sweeper
  sweepIntervalMilliseconds: 1_000,
  sweepEnds: 500,
  sweepScopes: 1_000,
  expiryBucketSeconds: 60,

  // History of webhook deliveries
  /** Longer than any retry schedule; what has ended more recently nobody can remove. */
  deliveryHistoryMinDays: 5,
  deliveryHistoryDefaultDays: 30,
  deliveryHistoryMaxDays: 3_650,
} as const;

export type Limits = typeof limits;

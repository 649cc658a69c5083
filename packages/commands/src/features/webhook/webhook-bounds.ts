/** Bounds of this feature. Counts of characters are also counts of bytes wherever only ASCII is allowed. */
export const webhookBounds = {
  subscriptionsPerEnvironment: 100,
  urlCharacters: 2_048,
  eventTypes: 64,
  eventTypeCharacters: 200,
  /** Headers that the tenant adds to each delivery. */
  headers: 16,
  headerNameCharacters: 64,
  headerValueCharacters: 256,
  ratePerSecondMax: 1_000,
  ratePerSecondDefault: 100,
  inFlightMax: 64,
  inFlightDefault: 8,
  /** Secrets that sign at the same time. Each costs one HMAC over every body. */
  liveSecrets: 5,
  overlapMaxSeconds: 7 * 24 * 60 * 60,
  overlapDefaultSeconds: 24 * 60 * 60,
  recoveryDeliveries: 10_000_000,
  recoveriesUnderWay: 32,
  /** Positions of the stream that one look at a recovery spans. */
  previewPositions: 20_000,
  previewSample: 10,
  previewNear: 1_000,
  /** Of one state; more are told as this many, and that there are more. */
  countedDeliveries: 10_000,
  /** The last ones of a delivery; the schedule has ten, and what is our own fault is tried again. */
  shownAttempts: 100,
  reasonCharacters: 64,
  failureCodeCharacters: 64,
} as const;

/** Every bound of this package in one place, beside those of `limits` in the schema package. */
export const runtimeLimits = {
  // Configuration
  variableCharacters: 2_048,

  // Secrets
  secretBytes: 64 * 1024,
  secretNameCharacters: 128,
  secretReadDeadlineMilliseconds: 5_000,
  secretReadAttempts: 4,
  secretRetryDelayMilliseconds: 50,
  secretCacheEntries: 256,

  // Archive of the logs
  /** The largest file of a log: a full bundle of 256 entries, each of 65,535 bytes behind its length (C2SP tlog-tiles). */
  archiveObjectBytes: 256 * 65_537,
  archiveAttemptMilliseconds: 10_000,
  archiveDeadlineMilliseconds: 30_000,
  archiveAttempts: 4,
  archiveRetryDelayMilliseconds: 100,

  // Log lines
  logTextCharacters: 4_096,
  logNestingLevels: 4,
  logEntriesPerLevel: 64,
  logErrorCauses: 3,
  sensitiveNameCacheEntries: 1_024,

  // Request identity
  causationIdCharacters: 128,
  externalCorrelationIdCharacters: 128,
  tracestateCharacters: 512,
  tracestateMembers: 32,

  // Telemetry
  spanExportsAtOnce: 8,
  spanExportTimeoutMilliseconds: 5_000,
  telemetryShutdownMilliseconds: 1_500,
  telemetryWarningIntervalMilliseconds: 60_000,
  spanErrorCharacters: 200,

  // Metrics
  seriesPerMetric: 4_096,

  // Process
  hardExitMilliseconds: 9_000,
  databaseBootDeadlineMilliseconds: 30_000,
  databaseRetryDelayMilliseconds: 250,
  databaseRetryDelayMaxMilliseconds: 2_000,
} as const;

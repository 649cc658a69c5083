/** The bounds of publishing and exporting. */
export const connectorLimits = {
  /** Connections of the pool that only the connectors use. */
  connections: 6,
  /** Between two looks at the streams while nothing waits. */
  idlePauseMilliseconds: 250,
  /** What Pub/Sub takes in one request: 1000 messages and 10 MB, base64 and names included. */
  messagesPerRequest: 1_000,
  bytesPerRequest: 5_000_000,
  /** Requests to a topic at the same time; those of one ordering key come one after the other all the same. */
  requestsAtOnce: 8,
  publishDeadlineMilliseconds: 15_000,
  /** For one answer of ingest, which carries out what was asked for before it gives it. */
  ingestDeadlineMilliseconds: 15_000,
  /** Bytes after which a file of the lake is full. */
  lakeFileBytes: 8_000_000,
  /** Days of streams whose last manifest entry one process remembers. */
  lakeDaysRemembered: 2_000,
} as const;

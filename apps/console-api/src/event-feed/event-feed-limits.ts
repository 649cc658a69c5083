/** Every bound of reading the stream of events, page by page and live. */
export interface EventFeedLimits {
  /** Between two looks at the end of one environment's stream, however many wait for it. */
  readonly tailMilliseconds: number;
  /** Between two looks at whether a live reader may still read; a revoked key stops within a second with what is remembered of it. */
  readonly authorityMilliseconds: number;
  /** Silence after which a live reader is told how far the stream is; well below the idle timeout of the server. */
  readonly heartbeatMilliseconds: number;
  /** What a live reader is asked to wait before it connects again. */
  readonly retryMilliseconds: number;
  /** A live reader that takes nothing for so long is let go. */
  readonly stallMilliseconds: number;
  readonly readers: number;
  readonly readersPerTenant: number;
  /** Pages that wait for an event. */
  readonly waits: number;
  readonly waitsPerTenant: number;
  /** Longest wait that a page may ask for. */
  readonly waitSeconds: number;
  /** Events written to a live reader at once. */
  readonly eventsPerWrite: number;
  /** Positions that one page looks at to find what filters let through. */
  readonly scannedPositions: number;
}

export const eventFeedLimits: EventFeedLimits = {
  tailMilliseconds: 100,
  authorityMilliseconds: 300,
  heartbeatMilliseconds: 10_000,
  retryMilliseconds: 1_000,
  stallMilliseconds: 60_000,
  readers: 256,
  readersPerTenant: 32,
  waits: 512,
  waitsPerTenant: 64,
  waitSeconds: 20,
  eventsPerWrite: 100,
  scannedPositions: 5_000,
};

/** Filters of one request. */
export const typesPerRequest = 16;

/** Every bound of the live feed of approvals. */
export interface FeedLimits {
  /** Between two looks at one environment, however many listen to it. */
  readonly pollMilliseconds: number;
  /** Silence after which a listener is told that the feed is still there; well below the idle timeout of the server. */
  readonly heartbeatMilliseconds: number;
  /** What a client is asked to wait before it connects again. */
  readonly retryMilliseconds: number;
  readonly listeners: number;
  readonly listenersPerTenant: number;
  readonly snapshotApprovals: number;
  /** Changes told at one look; the rest follows at the next. */
  readonly changesPerPoll: number;
  /** Whoever missed more changes than this gets a new snapshot instead. */
  readonly replayedChanges: number;
  /** Events of any kind that one look passes over to find those of approvals. */
  readonly scannedEvents: number;
  /** What may wait for a slow reader. The bytes themselves are shared by all listeners of an environment. */
  readonly bufferBytes: number;
}

export const feedLimits: FeedLimits = {
  pollMilliseconds: 1_000,
  heartbeatMilliseconds: 10_000,
  retryMilliseconds: 1_000,
  listeners: 256,
  listenersPerTenant: 32,
  snapshotApprovals: 200,
  changesPerPoll: 200,
  replayedChanges: 500,
  scannedEvents: 20_000,
  bufferBytes: 4 * 1024 * 1024,
};

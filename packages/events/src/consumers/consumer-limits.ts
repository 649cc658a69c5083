/** The bounds of following the stream. */
export const consumerLimits = {
  /** Events of one transaction of a projection, and of one call of a side effect. */
  batchEvents: 500,
  /** Batches of one stream before the others come to their turn. */
  batchesPerVisit: 8,
  /** Streams that one process follows at the same time. */
  streamsAtOnce: 4,
  /** Streams that one page of a look shows. */
  streamsPerPage: 2_000,
  /** An owner that writes nothing for so long is taken for dead. A side effect has to end well within it. */
  leaseSeconds: 30,
  /** Tries of one event before it is parked. */
  triesMax: 5,
  /** Parked events that one visit tries again. */
  retriesPerVisit: 16,
  /** The first pause after a failure, and the longest; each failure doubles it. */
  pauseMilliseconds: 100,
  pauseMaxMilliseconds: 30_000,
  /** Characters of the reason that is kept of a parked event. */
  reasonCharacters: 500,
  /** Streams whose claims one process remembers. */
  claimsRemembered: 10_000,
} as const;

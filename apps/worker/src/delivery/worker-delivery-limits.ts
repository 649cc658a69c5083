/** Every bound of delivery in this process that is not one of the dispatch itself. */
export const workerDeliveryLimits = {
  /** Connections of the role kf_delivery: one for each visit at a time, one for looking around, and one that removes history. */
  connections: 6,
  visitsAtOnce: 4,
  /** Requests under way, of all tenants together. */
  inFlightMax: 256,
  /** Of one tenant, so that four of them cannot take everything, however slow their endpoints are. */
  inFlightPerTenantMax: 48,
  /** Of all endpoints that are not healthy, so that those that are always have room. */
  inFlightTroubledMax: 96,
  /** Of one visit: what it may take is set aside while it runs. */
  claimsPerVisit: 32,
  /** From one look for work to the next, at least; and so many times as long as the look took, so that looking stays cheap. */
  pollMilliseconds: 40,
  pollRestFactor: 5,
  overviewMilliseconds: 5_000,
  /** From the end of one walk through the history to the next; and so many times as long as a piece took until the next piece. */
  removalMilliseconds: 600_000,
  removalRestFactor: 3,
  /** After a visit that failed, and where a subscription's beginning has no position yet. */
  pauseMilliseconds: 1_000,
  /** Findings that are remembered as told a moment ago. */
  toldMax: 10_000,
  /** Stopping: requests under way may end by themselves, then they are cancelled and given back. */
  drainMilliseconds: 1_500,
  recordMilliseconds: 1_500,
} as const;

import { deliveryLimits } from '../delivery/delivery-limits.ts';

/** Every bound of the dispatch of deliveries. */
export const dispatchLimits = {
  /** An attempt that has not begun so long after its claim is not made: its lease might end while it is under way. */
  startMilliseconds: 5_000,
  /** Longer than an attempt that begins late and takes its whole deadline. Only a dead process outlives it. */
  leaseMilliseconds: 30_000,
  deadlineMilliseconds: deliveryLimits.deadlineDefaultMilliseconds,
  /** Positions of the stream that one visit looks at. */
  pagePositions: 100,
  /** Deliveries of a subscription that have not ended. At this number nothing more is admitted. */
  pendingMax: 5_000,
  /** Deliveries that wait for nothing but their turn: where so many do, admission waits for them. */
  readyMin: 16,
  readyMax: 128,
  /** How many may be ready for each that the endpoint may have under way; a slow one needs no heap. */
  readyFactor: 3,
  /** Deliveries of one recovery that have not ended. */
  replayPendingMax: 64,
  /** Claims of one visit. */
  claimsMax: 64,
  /** Of a visit's claims, at most this part goes to retries while others wait, and as much to replays. */
  laneShare: 0.25,
  /** Rows of the overviews that one look takes. */
  workRows: 1_000,
  /** How long a subscription whose beginning has no position yet is left alone. */
  beginningPauseMilliseconds: 1_000,
  /** How soon a recovery that has ended is looked at again, until its command has said so. */
  recoveryPauseMilliseconds: 5_000,
  /** How soon a subscription is looked at again whose health is not on record yet; what was said is not said again before. */
  tellPauseMilliseconds: 30_000,
  /** Entities of which the latest event is looked for; what is older than the last of them is sent whole. */
  latestEntitiesMax: 100_000,
  responseTextCharacters: 1_024,
} as const;

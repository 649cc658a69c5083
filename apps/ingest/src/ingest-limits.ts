import { limits } from '@karmanflow/schema';

/** Every bound of this process that is not one of the whole system's `limits`. */
export const ingestLimits = {
  /** Taken in by the server before our own bound refuses with an explanation. */
  serverBodyBytes: limits.ingestBodyBytes + 64 * 1024,
  idleTimeoutSeconds: 30,
  /** Longer message ids are named by their hash in keys and causation ids, which have bounds of their own. */
  messageIdInNamesCharacters: 64,
  /** How long a secret that was replaced under the same reference lives on here. */
  secretCacheMilliseconds: 60_000,
  sourceCacheMilliseconds: limits.credentialCacheMilliseconds,
  sourceCacheEntries: limits.credentialCacheEntries,
  roleGrantsPerPrincipal: 1_000,
  readinessDeadlineMilliseconds: 2_000,
  readinessKeptMilliseconds: 500,
  /** What is wrong on our side rarely passes within a second; whoever sends webhooks has the patience. */
  retryAfterSeconds: 5,
  /** Somebody has to make room first. */
  fullRetryAfterSeconds: 300,
  /** How often a level is read again when another command was faster. */
  levelAttempts: 4,
  /** Requests about held messages of a source: how many at a time, and how often to look after deliveries. */
  carriedOutAtOnce: 20,
  carryOutIntervalMilliseconds: 5_000,
  carryOutSources: 10_000,
  /** Stopping, all steps together, stays below what the process has until it is ended by force. */
  httpDrainMilliseconds: 4_500,
  stopStepMilliseconds: 500,
  telemetryStopMilliseconds: 1_600,
  /** Messages of one source that are under way at a time, and when a further one may come back. */
  messagesAtOncePerSource: 128,
  messagesLookedUpAtOnce: 64,
  crowdedRetryAfterSeconds: 1,
  /** Sources whose use is remembered; whoever is forgotten has been idle. */
  admissionEntries: 10_000,
  /** Look-ups of addresses at which nobody is known, all together. A source that is known costs two a second. */
  strangersPerSecond: 100,
  strangersBurst: 400,
  /** Connections that the executor leaves to look-ups of sources and names. */
  lookUpConnections: 2,
} as const;

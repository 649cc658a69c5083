import type { Database, Scope } from '@karmanflow/schema';
import type { Upcaster } from '../define-event-versions.ts';
import { consumerLimits } from './consumer-limits.ts';
import {
  batchEventsOf,
  type ConsumerDefinition,
  type ConsumerTrack,
  type TrackName,
  tracksOf,
} from './define-consumer.ts';
import { judgeFailure } from './judge-failure.ts';
import { lookAtStreams, type StreamBehind, type StreamCursor } from './look-at-streams.ts';
import {
  type Claim,
  claimOf,
  claimTrack,
  insertTrack,
  lockTrack,
  releaseTrack,
  scopedTransaction,
  type TrackKey,
} from './track-statements.ts';
import { type ParkedEvent, visitTrack } from './visit-track.ts';

/** How far a consumer is behind, over all streams. */
export interface ConsumerLag {
  readonly consumer: string;
  readonly track: TrackName;
  /** Streams in which something waits, those included that are paused or stopped. */
  readonly streams: number;
  readonly events: number;
  /** How long the event has been there that waits longest; 0 when none does. */
  readonly oldestSeconds: number;
  /** Streams that wait for somebody's decision. */
  readonly stopped: number;
}

/** What a runner tells; metrics, logs and alerts are made of it. None of these may throw. */
export interface ConsumerObserver {
  readonly onMoved?: (moved: { readonly key: TrackKey; readonly events: number; readonly seq: number }) => void;
  /** A batch or an event failed, and is tried again. `later`: nobody counts it, since it is no event's fault. */
  readonly onFailure?: (failure: {
    readonly key: TrackKey;
    readonly error: unknown;
    readonly kind: 'later' | 'event';
  }) => void;
  /** Somebody has to look: an event was parked. */
  readonly onParked?: (parked: ParkedEvent) => void;
  readonly onLag?: (lag: ConsumerLag) => void;
}

export interface ConsumerRunnerOptions {
  /** Opened as a role that reads the streams and writes the tracks: kf_worker. */
  readonly database: Database;
  readonly consumers: readonly ConsumerDefinition[];
  /** How stored events of past versions are read. */
  readonly upcast: Upcaster;
  /** A UUID; another one for each process. */
  readonly ownerId: string;
  readonly monotonicNow: () => number;
  readonly observer?: ConsumerObserver;
  /** `consumerLimits.leaseSeconds` unless named. */
  readonly leaseSeconds?: number;
}

export interface ConsumerRunner {
  /**
   * Looks once at every stream and carries each on by a few batches. True when more waits, so that the next look should come at
   * once. Failures are told to the observer; only looking itself throws. Not to be called again before it ends.
   */
  look(signal: AbortSignal): Promise<boolean>;
  /** Gives all claims back, so that another process takes over at once. */
  release(): Promise<void>;
}

/**
 * Follows the streams of all tenants for some durable consumers. Any number of processes may: each stream is followed by one of
 * them at a time, and what another one still writes under an earlier claim is rolled back.
 */
export function createConsumerRunner(options: ConsumerRunnerOptions): ConsumerRunner {
  const { database, observer = {}, monotonicNow, ownerId, leaseSeconds = consumerLimits.leaseSeconds } = options;
  const tracks = options.consumers.flatMap(tracksOf);
  const claims = new Map<string, { readonly key: TrackKey; readonly claim: Claim }>();
  const pauses = new Map<string, { readonly failures: number; readonly until: number }>();

  async function claim(key: TrackKey, of: { batchEvents: number; epoch: number }): Promise<Claim | null> {
    const known = claims.get(nameOf(key))?.claim;
    // Another epoch: somebody took it, or paused, resumed or rewound it.
    if (known?.epoch === of.epoch) return known;
    const { batchEvents } = of;
    try {
      return await database.connection((connection) =>
        scopedTransaction(connection, key.scope, async (_send, answers) => claimOf(answers[2]), [
          insertTrack(key),
          lockTrack(key),
          claimTrack(key, { ownerId, leaseSeconds, batchEvents }),
        ]),
      );
    } catch (error) {
      // Its owner is in the middle of a transaction.
      if (isLocked(error)) return null;
      throw error;
    }
  }

  function remember(key: TrackKey, held: Claim | null): void {
    claims.delete(nameOf(key));
    if (held === null) return;
    claims.set(nameOf(key), { key, claim: held });
    const [oldest] = claims.keys();
    // Claimed again when its turn comes: nobody else takes it before its lease has run out.
    if (claims.size > consumerLimits.claimsRemembered && oldest !== undefined) claims.delete(oldest);
  }

  function pause(key: TrackKey): void {
    const failures = (pauses.get(nameOf(key))?.failures ?? 0) + 1;
    const milliseconds = Math.min(
      consumerLimits.pauseMaxMilliseconds,
      consumerLimits.pauseMilliseconds * 2 ** Math.min(failures - 1, 20),
    );
    pauses.set(nameOf(key), { failures, until: monotonicNow() + milliseconds });
  }

  async function visit(of: ConsumerTrack, stream: StreamBehind, signal: AbortSignal): Promise<boolean> {
    const key: TrackKey = { scope: stream.scope, consumer: of.consumer.name, track: of.track };
    try {
      const held = await claim(key, { batchEvents: batchEventsOf(of.consumer), epoch: stream.epoch });
      if (held === null) return false;
      const moved = await visitTrack(
        {
          ...of,
          key,
          throughSeq: stream.throughSeq,
          ports: {
            database,
            upcast: options.upcast,
            leaseSeconds,
            signal,
            onMoved: (one) => observer.onMoved?.(one),
            onTry: (failure) => observer.onFailure?.({ ...failure, kind: 'event' }),
            onParked: (parked) => observer.onParked?.(parked),
          },
        },
        held,
      );
      remember(key, moved);
      if (moved !== null && moved.tries > 0) {
        pause(key);
        return false;
      }
      pauses.delete(nameOf(key));
      return moved !== null && (moved.seq < stream.throughSeq || moved.retries > 0);
    } catch (error) {
      remember(key, null);
      const kind = judgeFailure(error);
      if (kind === 'lost') return false;
      pause(key);
      observer.onFailure?.({ key, error, kind: 'later' });
      return false;
    }
  }

  async function lookAt(of: ConsumerTrack, signal: AbortSignal): Promise<boolean> {
    let hasMore = false;
    const lag = { streams: 0, events: 0, oldestSeconds: 0, stopped: 0 };
    for (let after: StreamCursor | null = null; ;) {
      const page = await lookAtStreams(database, of, after);
      for (const stream of page.streams) {
        lag.streams += 1;
        lag.events += Math.max(0, stream.throughSeq - stream.seq);
        lag.oldestSeconds = Math.max(lag.oldestSeconds, stream.waitingSeconds);
        if (stream.state === 'STOPPED') lag.stopped += 1;
      }
      const due = page.streams.filter((stream) => isDue(of, stream));
      await eachAtOnce(due, consumerLimits.streamsAtOnce, async (stream) => {
        if (signal.aborted) return;
        if (await visit(of, stream, signal)) hasMore = true;
      });
      after = page.next;
      if (after === null || signal.aborted) break;
    }
    observer.onLag?.({ consumer: of.consumer.name, track: of.track, ...lag });
    return hasMore;
  }

  function isDue({ consumer, track }: ConsumerTrack, { scope, state, ownerId: owner }: StreamBehind): boolean {
    if (state !== 'RUNNING' || (owner !== null && owner !== ownerId)) return false;
    const until = pauses.get(nameOf({ scope, consumer: consumer.name, track }))?.until ?? 0;
    return monotonicNow() >= until;
  }

  return {
    async look(signal) {
      let hasMore = false;
      for (const track of tracks) if (!signal.aborted && (await lookAt(track, signal))) hasMore = true;
      return hasMore;
    },
    async release() {
      const held = [...claims.values()];
      claims.clear();
      await eachAtOnce(held, consumerLimits.streamsAtOnce, async ({ key, claim: last }) => {
        await database.connection((connection) =>
          scopedTransaction(connection, key.scope, async () => undefined, [releaseTrack(key, last)]),
        );
      });
    },
  };
}

function nameOf({ scope, consumer, track }: TrackKey): string {
  return `${consumer} ${track} ${placeOf(scope)}`;
}

const placeOf = ({ tenantId, environmentId }: Scope): string => `${tenantId} ${environmentId}`;

/** A row that somebody else has locked (lock_not_available). */
function isLocked(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '55P03';
}

/** Works on some items at the same time, the first ones first. */
async function eachAtOnce<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  const lane = async (): Promise<void> => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, lane));
}

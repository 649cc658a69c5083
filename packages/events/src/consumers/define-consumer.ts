import type { Scope } from '@karmanflow/schema';
import type { StreamEvent, StreamFilters } from '../read-stream.ts';
import type { Send } from '../sequence/fenced-transaction.ts';
import { sequenceLimits } from '../sequence/sequence-limits.ts';
import { consumerLimits } from './consumer-limits.ts';

/** The transaction in which a projection is written, in the scope of the stream. The checkpoint moves with it, or nothing does. */
export interface ProjectionTransaction {
  readonly scope: Scope;
  /** Sends SQL; each call is one round trip. */
  readonly send: Send;
}

/** What a consumer keeps in the database. Every event is applied exactly once, in the order of the stream. */
export interface Projection {
  /** Applies events of one environment. Whatever it throws rolls everything back, the checkpoint included. */
  apply(tx: ProjectionTransaction, events: readonly StreamEvent[]): Promise<void>;
  /** Empties what `apply` wrote for the environment: the first half of building it again. */
  clear(tx: ProjectionTransaction): Promise<void>;
}

export interface EffectCall {
  readonly scope: Scope;
  readonly events: readonly StreamEvent[];
  /** Rises with each owner of the stream, so that a receiver can tell an owner that was thought dead from its successor. */
  readonly epoch: number;
  /** Where the stream stands behind these events. A call that is repeated begins at the same place, and may reach further. */
  readonly range: { readonly afterSeq: number; readonly throughSeq: number };
  /** Whether this is one parked event that is tried again, behind others that came after it in the stream. */
  readonly isRetry: boolean;
  /** Aborted when the process stops. */
  readonly signal: AbortSignal;
}

/** What a consumer does outside the database. It is done at least once, never before the projection of the same event. */
export type SideEffect = (call: EffectCall) => Promise<void>;

export interface ConsumerDefinition {
  /** Lower case with underscores, 63 characters at most. The name is the checkpoint: a new name begins at the beginning. */
  readonly name: string;
  /** Which events it wants; all when absent. */
  readonly filters?: StreamFilters;
  readonly projection?: Projection;
  readonly sideEffect?: SideEffect;
  /**
   * What becomes of the stream when an event fails however often it is tried. `continue`: it is parked, and the next ones are
   * taken. `stop`: it is parked, and nothing behind it is taken until somebody decides.
   */
  readonly onPoison: 'continue' | 'stop';
  /** Events of one batch; `consumerLimits.batchEvents` unless named, 1 to 1000. */
  readonly batchEvents?: number;
  /** Tries of one event before it is parked; `consumerLimits.triesMax` unless named. */
  readonly triesMax?: number;
}

/** A projection and a side effect have each a checkpoint of their own. */
export type TrackName = 'PROJECTION' | 'EFFECT';

/** One consumer on one track, as it is found across the streams. */
export interface ConsumerTrack {
  readonly consumer: ConsumerDefinition;
  readonly track: TrackName;
}

/**
 * Thrown by a consumer that cannot work at the moment, through no fault of the event: what it writes to is away. The event is tried
 * again, however long that takes, and is never parked for it.
 */
export class NotNow extends Error {
  override readonly name = 'NotNow';
}

const namePattern = /^[a-z][a-z0-9_]{0,62}$/;

/** Declares a durable consumer. Throws a TypeError when its name or its bounds are none, or when it does nothing. */
export function defineConsumer(definition: ConsumerDefinition): ConsumerDefinition {
  const { name, projection, sideEffect, batchEvents = 1, triesMax = 1 } = definition;
  if (!namePattern.test(name)) throw new TypeError(`consumer ${name} is not named in lower case with underscores`);
  if (!projection && !sideEffect) throw new TypeError(`consumer ${name} has neither a projection nor a side effect`);
  const isBatch = Number.isInteger(batchEvents) && batchEvents >= 1 && batchEvents <= sequenceLimits.pagePositions;
  if (!isBatch || !Number.isInteger(triesMax) || triesMax < 1)
    throw new TypeError(`consumer ${name} has no such bounds`);
  return definition;
}

/** The tracks of a consumer, the one first that the other waits for. */
export function tracksOf(consumer: ConsumerDefinition): ConsumerTrack[] {
  const tracks: ConsumerTrack[] = [];
  if (consumer.projection) tracks.push({ consumer, track: 'PROJECTION' });
  if (consumer.sideEffect) tracks.push({ consumer, track: 'EFFECT' });
  return tracks;
}

export function batchEventsOf(consumer: ConsumerDefinition): number {
  return consumer.batchEvents ?? consumerLimits.batchEvents;
}

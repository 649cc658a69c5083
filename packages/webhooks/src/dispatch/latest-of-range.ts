import { readStream } from '@karmanflow/events';
import type { Database, Scope } from '@karmanflow/schema';
import { matchesEventType } from '../subscription/matches-event-type.ts';
import { dispatchLimits } from './dispatch-limits.ts';

/** The last event of each entity in a range of the stream. */
export interface LatestOfRange {
  /** Where the range ends. */
  readonly throughSeq: number;
  /** Positions in ascending order. */
  readonly seqs: readonly number[];
  /** Every event up to here counts as the latest: there were more entities than can be remembered. */
  readonly wholeThroughSeq: number;
}

export interface LatestRange {
  readonly scope: Scope;
  readonly afterSeq: number;
  readonly throughSeq: number;
  readonly patterns: readonly string[];
}

/**
 * Finds, in a range of the stream and among the wanted types, the events behind which no other one concerns the same entity:
 * all that a receiver needs who wants to know how things stand now. An event stays for the sake of any of its entities.
 */
export async function latestOfRange(database: Database, range: LatestRange): Promise<LatestOfRange> {
  const { scope, patterns, throughSeq } = range;
  const seen = new Set<string>();
  const seqs: number[] = [];
  for (let end = throughSeq; end > range.afterSeq; end -= pageSize) {
    const afterSeq = Math.max(range.afterSeq, end - pageSize);
    const page = await readStream(database, { scope, afterSeq, limit: end - afterSeq });
    for (const { seq, event } of page.events.toReversed()) {
      if (!matchesEventType(patterns, event.eventType)) continue;
      const entities = event.entities.map(({ type, id }) => `${type}:${id}`);
      if (entities.length > 0 && entities.every((entity) => seen.has(entity))) continue;
      if (seen.size >= dispatchLimits.latestEntitiesMax)
        return { throughSeq, seqs: seqs.toReversed(), wholeThroughSeq: seq };
      entities.forEach((entity) => seen.add(entity));
      seqs.push(seq);
    }
  }
  return { throughSeq, seqs: seqs.toReversed(), wholeThroughSeq: range.afterSeq };
}

const pageSize = 500;

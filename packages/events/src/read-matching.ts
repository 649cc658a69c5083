import type { Database } from '@karmanflow/schema';
import {
  readStream,
  type StreamEvent,
  type StreamFilters,
  type StreamPage,
  type StreamRequest,
} from './read-stream.ts';
import { sequenceLimits } from './sequence/sequence-limits.ts';

export interface MatchRequest extends Omit<StreamRequest, 'limit'> {
  /** Events that the page may hold, 1 to 1000. */
  readonly limit: number;
  /** Positions that it may look at to find them. */
  readonly scannedMax: number;
}

/**
 * A page of the events that filters let through. Unlike one of `readStream` it goes on over what they hold back, until it is
 * full, has looked at `scannedMax` positions, or has come to the end. Throws as `readStream` does.
 */
export async function readMatching(database: Database, request: MatchRequest): Promise<StreamPage> {
  const { scope, afterSeq, limit, scannedMax, filters = {} } = request;
  if (!restricts(filters)) return readStream(database, { scope, afterSeq, limit });
  const events: StreamEvent[] = [];
  let seq = afterSeq;
  let hasMore = true;
  while (hasMore && seq - afterSeq < scannedMax) {
    const span = Math.min(sequenceLimits.pagePositions, scannedMax - (seq - afterSeq));
    const page = await readStream(database, { scope, afterSeq: seq, limit: span, filters });
    events.push(...page.events);
    const last = events[limit - 1];
    if (last) {
      const isWhole = events.length === limit && last.seq === page.seq && !page.hasMore;
      return { events: events.slice(0, limit), seq: last.seq, hasMore: !isWhole };
    }
    seq = page.seq;
    hasMore = page.hasMore;
  }
  return { events, seq, hasMore };
}

function restricts(filters: StreamFilters): boolean {
  return Object.values(filters).some((filter) => filter !== undefined);
}

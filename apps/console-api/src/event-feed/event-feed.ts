import { lastSeq, readMatching, type StreamFilters, type StreamPage } from '@karmanflow/events';
import type { Metrics } from '@karmanflow/runtime';
import type { Database, Scope } from '@karmanflow/schema';
import type { EventFeedLimits } from './event-feed-limits.ts';
import { LiveReader } from './live-reader.ts';
import { StreamTail } from './stream-tail.ts';
import { TenantPlaces } from '../tenant-places.ts';

export interface EventFeedParts {
  /** Of the role kf_read. */
  readonly database: Database;
  readonly metrics: Metrics;
  readonly limits: EventFeedLimits;
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** Why a stream ended that nobody had ended: for the log. */
  readonly onError: (error: unknown) => void;
}

/** From where on, and what, somebody reads. */
export interface Reading {
  readonly scope: Scope;
  /** A position, or the end as it is now. */
  readonly after: number | 'latest';
  readonly filters: StreamFilters;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

export type FeedRefusal = {
  readonly ok: false;
  readonly code: 'cursor_ahead' | 'overloaded' | 'draining';
  readonly detail: string;
};

export interface EventFeed {
  readonly limits: EventFeedLimits;
  /** A page; when it would be empty, it waits up to `waitSeconds` for an event that belongs to it. */
  page(
    reading: Reading & { readonly limit: number; readonly waitSeconds: number },
  ): Promise<{ readonly ok: true; readonly page: StreamPage } | FeedRefusal>;
  /** Everything after, as it comes. */
  listen(
    reading: Reading & { readonly isAllowed: () => Promise<boolean> },
  ): Promise<{ readonly ok: true; readonly body: ReadableStream<Uint8Array> } | FeedRefusal>;
  /** Ends every stream and every wait, and refuses new ones, so that a server that waits for its requests can stop. */
  close(): void;
}

/** Reads the streams of environments for clients of the API. */
export function createEventFeed(parts: EventFeedParts): EventFeed {
  const { database, limits, metrics, now, onError } = parts;
  const tail = new StreamTail({ database, intervalMilliseconds: limits.tailMilliseconds });
  const readers = new Set<LiveReader>();
  const readerPlaces = new TenantPlaces({ all: limits.readers, perTenant: limits.readersPerTenant });
  const waitPlaces = new TenantPlaces({ all: limits.waits, perTenant: limits.waitsPerTenant });
  let isClosed = false;
  metrics.measured({
    name: 'kf_event_stream_readers',
    help: 'Open connections that read the stream of events live.',
    read: () => readerPlaces.taken,
  });
  metrics.measured({
    name: 'kf_event_page_waits',
    help: 'Requests for a page of events that wait for one to come.',
    read: () => waitPlaces.taken,
  });

  /** A position beyond the end can only come from before the database was put back: what follows it would be lost. */
  async function begin({ scope, after }: Reading): Promise<{ readonly ok: true; readonly seq: number } | FeedRefusal> {
    if (after === 0) return { ok: true, seq: 0 };
    const end = await lastSeq(database, scope);
    if (after === 'latest') return { ok: true, seq: end };
    if (after <= end) return { ok: true, seq: after };
    return { ok: false, code: 'cursor_ahead', detail: `the cursor stands at ${after}, the stream ends at ${end}` };
  }

  return {
    limits,
    async page(reading) {
      const { scope, filters, limit, waitSeconds, signal } = reading;
      const begun = await begin(reading);
      if (!begun.ok) return begun;
      const read = (afterSeq: number): Promise<StreamPage> =>
        readMatching(database, { scope, afterSeq, limit, filters, scannedMax: limits.scannedPositions });
      let page = await read(begun.seq);
      if (waitSeconds === 0 || page.events.length > 0 || page.hasMore) return { ok: true, page };
      const leave = waitPlaces.take(scope.tenantId);
      if (leave === null) return overloaded('requests of the tenant wait already');
      const endsAt = now() + waitSeconds * 1000;
      try {
        while (page.events.length === 0 && !page.hasMore) {
          const milliseconds = endsAt - now();
          if (!(await tail.waitBeyond({ scope, seq: page.seq, milliseconds, signal }))) break;
          page = await read(page.seq);
        }
      } finally {
        leave();
      }
      return { ok: true, page };
    },
    async listen(reading) {
      if (isClosed) return { ok: false, code: 'draining', detail: 'this instance is shutting down' };
      const leave = readerPlaces.take(reading.scope.tenantId);
      if (leave === null) return overloaded('connections of the tenant read already');
      const begun = await begin(reading).catch((error: unknown) => {
        leave();
        throw error;
      });
      if (!begun.ok) {
        leave();
        return begun;
      }
      const { scope, filters, isAllowed, signal } = reading;
      const reader = new LiveReader({
        database,
        tail,
        limits,
        now,
        onError,
        scope,
        filters,
        isAllowed,
        afterSeq: begun.seq,
        onEnd: () => {
          leave();
          readers.delete(reader);
        },
      });
      readers.add(reader);
      const body = reader.open();
      // A client that leaves before it is answered never reads the stream, and so never cancels it.
      if (signal.aborted) reader.leave();
      else signal.addEventListener('abort', () => reader.leave(), { once: true });
      if (isClosed) reader.end('draining');
      return { ok: true, body };
    },
    close() {
      isClosed = true;
      for (const reader of readers) reader.end('draining');
      tail.close();
    },
  };
}

function overloaded(what: string): FeedRefusal {
  return { ok: false, code: 'overloaded', detail: `as many ${what} as may` };
}

import type { Metrics } from '@karmanflow/runtime';
import type { Database, Scope } from '@karmanflow/schema';
import { openEventStream } from './event-stream.ts';
import type { FeedLimits } from './feed-limits.ts';
import { FeedListener } from './listener.ts';
import { ScopeFeed } from './scope-feed.ts';
import type { FeedCursor } from './feed-cursor.ts';

export interface ApprovalFeedParts {
  /** Of the role kf_read. */
  readonly database: Database;
  readonly metrics: Metrics;
  readonly limits: FeedLimits;
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** Why a feed ended that nobody had ended: for the log. */
  readonly onError: (error: unknown) => void;
}

export interface Listening {
  readonly scope: Scope;
  /** The last id that the client has seen; null when it starts anew. */
  readonly after: FeedCursor | null;
  readonly isAllowed: () => Promise<boolean>;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

export type Opened =
  | { readonly ok: true; readonly body: ReadableStream<Uint8Array> }
  | { readonly ok: false; readonly code: 'overloaded' | 'draining'; readonly detail: string };

export interface ApprovalFeed {
  /** Throws when the database does not answer. */
  listen(listening: Listening): Promise<Opened>;
  /** Ends every stream and refuses new ones, so that a server that waits for its requests can stop. */
  close(): void;
}

/** Tells who listens of the approvals that wait in their environments, as they are requested, voted on and ended. */
export function createApprovalFeed(parts: ApprovalFeedParts): ApprovalFeed {
  const { limits, metrics } = parts;
  const feeds = new Map<string, ScopeFeed>();
  const listenersByTenant = new Map<string, number>();
  let listeners = 0;
  let isClosed = false;
  metrics.measured({
    name: 'kf_approval_feed_listeners',
    help: 'Open connections that listen to the feed of approvals.',
    read: () => listeners,
  });

  function count(tenantId: string, change: 1 | -1): void {
    listeners += change;
    const left = (listenersByTenant.get(tenantId) ?? 0) + change;
    if (left === 0) listenersByTenant.delete(tenantId);
    else listenersByTenant.set(tenantId, left);
  }

  function feedOf(scope: Scope): ScopeFeed {
    const name = `${scope.tenantId} ${scope.environmentId}`;
    const known = feeds.get(name);
    if (known) return known;
    const onEmpty = (): void => {
      if (feeds.get(name) === feed) feeds.delete(name);
    };
    const feed = new ScopeFeed({ ...parts, scope, onEmpty });
    feeds.set(name, feed);
    return feed;
  }

  function refusalFor({ tenantId }: Scope): Extract<Opened, { ok: false }> | null {
    if (isClosed) return { ok: false, code: 'draining', detail: 'this instance is shutting down' };
    const ofTenant = listenersByTenant.get(tenantId) ?? 0;
    if (listeners < limits.listeners && ofTenant < limits.listenersPerTenant) return null;
    return { ok: false, code: 'overloaded', detail: `${ofTenant} connections of the tenant listen already` };
  }

  return {
    async listen({ scope, after, isAllowed, signal }) {
      const refusal = refusalFor(scope);
      if (refusal) return refusal;
      const feed = feedOf(scope);
      const stream = openEventStream({ bufferBytes: limits.bufferBytes, onGone: () => listener.leave() });
      const listener = new FeedListener({
        stream,
        isAllowed,
        onEnd: (ended) => {
          count(scope.tenantId, -1);
          feed.leave(ended);
        },
      });
      count(scope.tenantId, 1);
      // A client that leaves before it is answered never reads the stream, and so never cancels it.
      if (signal.aborted) listener.leave();
      else signal.addEventListener('abort', () => listener.leave(), { once: true });
      try {
        await feed.join(listener, after);
      } catch (error) {
        listener.leave();
        throw error;
      }
      return { ok: true, body: stream.body };
    },
    close() {
      isClosed = true;
      for (const feed of feeds.values()) feed.end('draining');
    },
  };
}

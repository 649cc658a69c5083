import type { Database, Scope } from '@karmanflow/schema';
import { encodeEvent } from '../server-sent-event.ts';
import type { FeedLimits } from './feed-limits.ts';
import type { EndOfFeed, FeedListener, FeedMessage, FeedStart } from './listener.ts';
import { type ApprovalChange, isBefore, readChanges, readPending } from './read-approvals.ts';
import type { FeedCursor } from './feed-cursor.ts';

export interface ScopeFeedParts {
  readonly database: Database;
  readonly scope: Scope;
  readonly limits: FeedLimits;
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
  /** The last listener is gone, and nothing looks at the database any more. */
  readonly onEmpty: () => void;
}

/** The feed of one environment: one look at the database a second, for everybody who listens. */
export class ScopeFeed {
  readonly #parts: ScopeFeedParts;
  readonly #listeners = new Set<FeedListener>();
  /** Up to where changes have been told; null before the first listener. */
  #position: FeedCursor | null = null;
  /** What a new listener starts from; it holds until something changes. */
  #snapshot: FeedStart | null = null;
  /** Looks and beginnings take turns, so that nobody begins in the middle of a look. */
  #turn: Promise<void> = Promise.resolve();
  #timer: Timer | null = null;

  constructor(parts: ScopeFeedParts) {
    this.#parts = parts;
  }

  /** Sends what the listener starts from, and from then on each change. Throws when the database does not answer. */
  async join(listener: FeedListener, after: FeedCursor | null): Promise<void> {
    if (listener.isOver) return;
    this.#listeners.add(listener);
    await this.#inTurn(async () => {
      const start = (after === null ? null : await this.#replayAfter(after)) ?? (await this.#startAnew());
      this.#position ??= start.cursor;
      listener.begin(start, this.#parts.now());
      this.#schedule();
    });
  }

  leave(listener: FeedListener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#parts.onEmpty();
  }

  end(reason: EndOfFeed): void {
    for (const listener of this.#listeners) listener.end(reason);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #schedule(): void {
    if (this.#timer !== null || this.#listeners.size === 0) return;
    this.#timer = setTimeout(() => void this.#inTurn(() => this.#look()), this.#parts.limits.pollMilliseconds);
  }

  async #look(): Promise<void> {
    try {
      // Before anything is told: whoever may no longer listen hears nothing of what comes.
      await this.#dismissTheRefused();
      if (this.#listeners.size > 0) await this.#tellChanges();
    } catch (error) {
      this.#parts.onError(error);
      this.end('database_unavailable');
    }
    this.#timer = null;
    this.#schedule();
  }

  /** One after the other: a crowd of listeners must not take all connections for reading at once. */
  async #dismissTheRefused(): Promise<void> {
    for (const listener of this.#listeners) {
      if (!(await listener.isAllowed())) listener.end('no_longer_allowed');
    }
  }

  async #tellChanges(): Promise<void> {
    const { database, scope, limits, now } = this.#parts;
    if (this.#position === null) return;
    const page = await readChanges(database, {
      scope,
      after: this.#position,
      changesMax: limits.changesPerPoll,
      scannedMax: limits.scannedEvents,
    });
    this.#position = page.cursor;
    if (page.changes.length > 0) this.#snapshot = null;
    const messages = page.changes.map(messageOf);
    for (const listener of this.#listeners) {
      for (const message of messages) listener.tell(message, now());
      listener.keepAlive({ cursor: page.cursor, now: now(), silenceMilliseconds: limits.heartbeatMilliseconds });
    }
  }

  /** What has changed since a cursor; null when that is too much, or when the cursor is none of this database. */
  async #replayAfter(after: FeedCursor): Promise<FeedStart | null> {
    const { database, scope, limits } = this.#parts;
    const page = await readChanges(database, {
      scope,
      after,
      changesMax: limits.replayedChanges,
      scannedMax: limits.scannedEvents,
    });
    // A cursor beyond every transaction was given out before a restore, or by somebody else.
    if (page.hasMore || isBefore(page.cursor, after)) return null;
    const hello = encodeEvent({ retryMilliseconds: limits.retryMilliseconds, id: page.cursor });
    return { cursor: page.cursor, told: new Map(), messages: [...page.changes.map(messageOf).map(bytesOf), hello] };
  }

  async #startAnew(): Promise<FeedStart> {
    const { database, scope, limits } = this.#parts;
    if (this.#snapshot) return this.#snapshot;
    const { cursor, approvals, hasMore, versions } = await readPending(database, {
      scope,
      limit: limits.snapshotApprovals,
      scannedMax: limits.scannedEvents,
    });
    const message = encodeEvent({
      event: 'snapshot',
      id: cursor,
      retryMilliseconds: limits.retryMilliseconds,
      data: { approvals, hasMore },
    });
    this.#snapshot = { cursor, told: versions, messages: [message] };
    return this.#snapshot;
  }
}

function messageOf(change: ApprovalChange): FeedMessage {
  const { change: event, cursor, eventId, occurredAt, version, vote, approval } = change;
  return {
    cursor,
    approvalId: approval.approvalId,
    version,
    bytes: encodeEvent({ event, id: cursor, data: { eventId, occurredAt, vote, approval } }),
  };
}

function bytesOf({ bytes }: FeedMessage): Uint8Array {
  return bytes;
}

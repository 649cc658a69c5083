import { formatCursor, readMatching, type StreamEvent, type StreamFilters } from '@karmanflow/events';
import type { Database, Scope } from '@karmanflow/schema';
import { encodeEvent } from '../server-sent-event.ts';
import type { EventFeedLimits } from './event-feed-limits.ts';
import type { StreamTail } from './stream-tail.ts';

/** Why a stream ended. After all but `no_longer_allowed`, connecting again with the last id goes on where it stopped. */
export type EndOfStream = 'draining' | 'stalled' | 'no_longer_allowed' | 'database_unavailable';

export interface LiveReaderParts {
  readonly database: Database;
  readonly tail: StreamTail;
  readonly limits: EventFeedLimits;
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number;
  readonly scope: Scope;
  readonly filters: StreamFilters;
  readonly afterSeq: number;
  /** Whether the credential still stands for the same actor, in the same place, who may still read. */
  readonly isAllowed: () => Promise<boolean>;
  readonly onError: (error: unknown) => void;
  /** Called once, whichever side ended it. */
  readonly onEnd: () => void;
}

/** The stream of an environment as server-sent events. What the client has not taken is not read either. */
export class LiveReader {
  readonly #parts: LiveReaderParts;
  readonly #ended = new AbortController();
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #seq: number;
  #saidAt: number;
  #askedAt: number;
  #isBehind = true;

  constructor(parts: LiveReaderParts) {
    this.#parts = parts;
    this.#seq = parts.afterSeq;
    this.#saidAt = parts.now();
    this.#askedAt = parts.now();
  }

  open(): ReadableStream<Uint8Array> {
    const { limits } = this.#parts;
    void this.#watch();
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
          // Headers reach the client with the first bytes.
          controller.enqueue(
            encodeEvent({ retryMilliseconds: limits.retryMilliseconds, id: this.#cursorAt(this.#seq) }),
          );
        },
        pull: () => this.#pull(),
        cancel: () => this.leave(),
      },
      new CountQueuingStrategy({ highWaterMark: 1 }),
    );
  }

  /** Ends the stream and says why. */
  end(reason: EndOfStream): void {
    if (this.#ended.signal.aborted) return;
    this.#controller?.enqueue(encodeEvent({ event: 'end', data: { reason } }));
    this.#controller?.close();
    this.leave();
  }

  /** The client is gone: there is nobody left to tell. */
  leave(): void {
    if (this.#ended.signal.aborted) return;
    this.#controller = null;
    this.#ended.abort();
    this.#parts.onEnd();
  }

  async #pull(): Promise<void> {
    this.#askedAt = this.#parts.now();
    try {
      const bytes = await this.#next();
      this.#askedAt = this.#parts.now();
      if (bytes !== null) this.#controller?.enqueue(bytes);
    } catch (error) {
      this.#parts.onError(error);
      this.end('database_unavailable');
    }
  }

  /** What comes next, as soon as there is something; null when the stream has ended meanwhile. */
  async #next(): Promise<Uint8Array | null> {
    const { database, scope, filters, limits, tail, now } = this.#parts;
    const { signal } = this.#ended;
    while (!signal.aborted) {
      if (this.#isBehind) {
        const page = await readMatching(database, {
          scope,
          filters,
          afterSeq: this.#seq,
          limit: limits.eventsPerWrite,
          scannedMax: limits.scannedPositions,
        });
        this.#seq = page.seq;
        this.#isBehind = page.hasMore;
        if (page.events.length > 0) return this.#say(page.events.map((event) => this.#messageOf(event)));
      }
      const silence = now() - this.#saidAt;
      if (silence >= limits.heartbeatMilliseconds) return this.#say([encodeEvent({ id: this.#cursorAt(this.#seq) })]);
      const milliseconds = limits.heartbeatMilliseconds - silence;
      if (!this.#isBehind) this.#isBehind = await tail.waitBeyond({ scope, seq: this.#seq, milliseconds, signal });
    }
    return null;
  }

  /** Beside the reading, so that it also holds while the client takes nothing. */
  async #watch(): Promise<void> {
    const { limits, now, isAllowed } = this.#parts;
    while (!this.#ended.signal.aborted) {
      await Bun.sleep(limits.authorityMilliseconds);
      if (this.#ended.signal.aborted) return;
      const isFull = (this.#controller?.desiredSize ?? 0) <= 0;
      if (isFull && now() - this.#askedAt > limits.stallMilliseconds) this.end('stalled');
      try {
        if (!(await isAllowed())) this.end('no_longer_allowed');
      } catch (error) {
        this.#parts.onError(error);
        this.end('database_unavailable');
      }
    }
  }

  #say(messages: readonly Uint8Array[]): Uint8Array {
    this.#saidAt = this.#parts.now();
    return Buffer.concat(messages);
  }

  #messageOf({ seq, event }: StreamEvent): Uint8Array {
    return encodeEvent({ id: this.#cursorAt(seq), data: { seq, event } });
  }

  #cursorAt(seq: number): string {
    return formatCursor(this.#parts.scope, seq);
  }
}

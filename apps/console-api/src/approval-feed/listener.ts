import { encodeEvent } from '../server-sent-event.ts';
import type { EventStream } from './event-stream.ts';
import { isBefore } from './read-approvals.ts';
import type { FeedCursor } from './feed-cursor.ts';

/** Why a feed ended. After all but the refusals, connecting again with the last id goes on where it stopped. */
export type EndOfFeed = 'draining' | 'slow' | 'no_longer_allowed' | 'database_unavailable';

/** A change, written down once for all who listen. */
export interface FeedMessage {
  readonly cursor: FeedCursor;
  readonly approvalId: string;
  readonly version: number;
  readonly bytes: Uint8Array;
}

/** What a listener starts from: a snapshot, or the changes since it was here last. */
export interface FeedStart {
  readonly cursor: FeedCursor;
  readonly messages: readonly Uint8Array[];
  /** Versions of approvals that the start already shows. */
  readonly told: ReadonlyMap<string, number>;
}

/** One open connection of somebody who listens to one environment. */
export class FeedListener {
  readonly #stream: EventStream;
  readonly #onEnd: (listener: FeedListener) => void;
  /** Whether the credential still stands for the same actor, in the same place, who may still read. */
  readonly isAllowed: () => Promise<boolean>;
  #cursor: FeedCursor | null = null;
  #told: ReadonlyMap<string, number> = new Map();
  #saidAt = 0;
  #isOver = false;

  constructor(parts: {
    readonly stream: EventStream;
    readonly isAllowed: () => Promise<boolean>;
    readonly onEnd: (listener: FeedListener) => void;
  }) {
    this.#stream = parts.stream;
    this.isAllowed = parts.isAllowed;
    this.#onEnd = parts.onEnd;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  begin({ cursor, messages, told }: FeedStart, now: number): void {
    this.#cursor = cursor;
    this.#told = told;
    for (const message of messages) this.#write(message, now);
  }

  /** Says a change, unless the listener has heard of it. */
  tell(message: FeedMessage, now: number): void {
    if (this.#cursor === null || !isBefore(this.#cursor, message.cursor)) return;
    this.#cursor = message.cursor;
    if (message.version > (this.#told.get(message.approvalId) ?? 0)) this.#write(message.bytes, now);
  }

  /** After a silence, says that the feed is there and how far it has come, so that little is looked through later. */
  keepAlive(options: {
    readonly cursor: FeedCursor;
    readonly now: number;
    readonly silenceMilliseconds: number;
  }): void {
    const { cursor, now, silenceMilliseconds } = options;
    if (this.#cursor === null || now - this.#saidAt < silenceMilliseconds) return;
    if (isBefore(this.#cursor, cursor)) this.#cursor = cursor;
    this.#write(encodeEvent({ id: this.#cursor }), now);
  }

  end(reason: EndOfFeed): void {
    if (this.#isOver) return;
    this.leave();
    this.#stream.end(encodeEvent({ event: 'end', data: { reason } }));
  }

  /** The reader is gone: there is nobody left to tell. */
  leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onEnd(this);
  }

  #write(bytes: Uint8Array, now: number): void {
    if (this.#isOver) return;
    this.#saidAt = now;
    if (!this.#stream.write(bytes)) this.end('slow');
  }
}

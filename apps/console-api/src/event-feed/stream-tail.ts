import { lastSeq } from '@karmanflow/events';
import type { Database, Scope } from '@karmanflow/schema';

interface Waiter {
  readonly seq: number;
  readonly wake: (isBeyond: boolean) => void;
}

interface Tail {
  readonly scope: Scope;
  readonly waiters: Set<Waiter>;
}

/** Looks at the ends of the streams that somebody waits for: one look for everybody who waits for the same one. */
export class StreamTail {
  readonly #database: Database;
  readonly #intervalMilliseconds: number;
  readonly #tails = new Map<string, Tail>();
  #isClosed = false;

  constructor(parts: { readonly database: Database; readonly intervalMilliseconds: number }) {
    this.#database = parts.database;
    this.#intervalMilliseconds = parts.intervalMilliseconds;
  }

  /**
   * True once the stream reaches beyond `seq`, or when its end cannot be read, since reading on then says why. False when the
   * time is over, or the signal is aborted, or the tail is closed.
   */
  async waitBeyond(wanted: {
    readonly scope: Scope;
    readonly seq: number;
    readonly milliseconds: number;
    readonly signal: AbortSignal;
  }): Promise<boolean> {
    const { scope, seq, milliseconds, signal } = wanted;
    if (this.#isClosed || signal.aborted || milliseconds <= 0) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiter: Waiter = { seq, wake: resolve };
    const giveUp = (): void => resolve(false);
    const timer = setTimeout(giveUp, milliseconds);
    signal.addEventListener('abort', giveUp, { once: true });
    const tail = this.#tailOf(scope);
    tail.waiters.add(waiter);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      tail.waiters.delete(waiter);
    }
  }

  /** Nobody waits any longer. */
  close(): void {
    this.#isClosed = true;
    for (const { waiters } of this.#tails.values()) for (const { wake } of waiters) wake(false);
  }

  #tailOf(scope: Scope): Tail {
    const name = `${scope.tenantId} ${scope.environmentId}`;
    const known = this.#tails.get(name);
    if (known) return known;
    const tail: Tail = { scope, waiters: new Set() };
    this.#tails.set(name, tail);
    void this.#follow(name, tail);
    return tail;
  }

  /** Looks for as long as anybody waits. */
  async #follow(name: string, tail: Tail): Promise<void> {
    do {
      await Bun.sleep(this.#intervalMilliseconds);
      const end = tail.waiters.size === 0 ? 0 : await lastSeq(this.#database, tail.scope).catch(() => Infinity);
      for (const { seq, wake } of tail.waiters) if (end > seq) wake(true);
    } while (tail.waiters.size > 0 && !this.#isClosed);
    this.#tails.delete(name);
  }
}

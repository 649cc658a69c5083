import { Socket } from 'node:net';

/**
 * A socket that sends everything written in one turn of the event loop as one packet. `pg` writes four small messages for
 * each statement; a transaction in pipeline mode has dozens, and each write costs a system call here and a wake-up there.
 */
export class CoalescingSocket extends Socket {
  #chunks: Uint8Array[] = [];

  override write(chunk: Uint8Array | string, ...rest: unknown[]): boolean {
    const callback = rest.find((argument) => typeof argument === 'function');
    if (this.connecting || callback !== undefined || typeof chunk === 'string') {
      this.#flush();
      // The overloads of write take an encoding, a callback, or both.
      return super.write(chunk, ...(rest as []));
    }
    if (this.#chunks.length === 0) queueMicrotask(() => this.#flush());
    this.#chunks.push(chunk);
    return true;
  }

  override end(...rest: unknown[]): this {
    this.#flush();
    return super.end(...(rest as []));
  }

  #flush(): void {
    const chunks = this.#chunks;
    if (chunks.length === 0) return;
    this.#chunks = [];
    if (this.destroyed) return;
    super.write(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
  }
}

import { Socket } from 'node:net';

/**
 * A socket that sends everything written in one turn of the event loop as one packet. `pg` writes four small messages for
 * each statement; a transaction in pipeline mode has dozens, and each write costs a system call here and a wake-up there.
 *
 * Wraps `write` when the connection stands, not by inheritance: Bun gives a connected socket a `write` of its own.
 */
export function createCoalescingSocket(): Socket {
  const socket = new Socket();
  socket.once('connect', () => coalesceWrites(socket));
  return socket;
}

function coalesceWrites(socket: Socket): void {
  const write = socket.write.bind(socket) as (...parameters: unknown[]) => boolean;
  const end = socket.end.bind(socket) as (...parameters: unknown[]) => Socket;
  let chunks: Uint8Array[] = [];

  function flush(): void {
    const [first] = chunks;
    if (first === undefined) return;
    const packet = chunks.length === 1 ? first : Buffer.concat(chunks);
    chunks = [];
    if (!socket.destroyed) write(packet);
  }

  socket.write = (chunk: unknown, ...rest: unknown[]): boolean => {
    if (!(chunk instanceof Uint8Array) || rest.length > 0) {
      flush();
      return write(chunk, ...rest);
    }
    if (chunks.length === 0) queueMicrotask(flush);
    chunks.push(chunk);
    return true;
  };
  socket.end = (...rest: unknown[]): Socket => {
    flush();
    return end(...rest);
  };
}

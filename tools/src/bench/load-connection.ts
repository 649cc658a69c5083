import { answerReader } from './answer-reader.ts';

export interface LoadAnswer {
  readonly status: number;
  readonly milliseconds: number;
  /** When it was complete. */
  readonly at: number;
  /** The first one on its connection. */
  readonly isFirst: boolean;
  /** Its body, to be asked for before `onAnswer` returns. */
  readonly body: () => string;
}

export interface LoadConnectionOptions {
  readonly port: number;
  /** The next request, whole; it is sent before the next call. */
  readonly write: () => Buffer;
  /** Asked before each request; the connection closes when it may not send another. */
  readonly mayStart: () => boolean;
  readonly onAnswer: (answer: LoadAnswer) => void;
}

/**
 * One keep-alive connection in a closed loop, as raw HTTP/1.1 over a socket: a fraction of what `fetch` costs, which
 * matters because the generator shares the machine with what it measures. Rejects when the connection breaks.
 */
export function loadConnection(options: LoadConnectionOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const read = answerReader();
  let sentAt = 0;
  let isFirst = true;
  let done = false;

  const sendNext = (socket: Bun.Socket): void => {
    if (!options.mayStart()) {
      done = true;
      socket.end();
      resolve();
      return;
    }
    const request = options.write();
    sentAt = performance.now();
    // A request is far smaller than the socket's buffer, and the socket is idle: a short write means it is broken.
    if (socket.write(request) !== request.length) throw new Error('the socket did not take a whole request');
  };

  Bun.connect({
    hostname: '127.0.0.1',
    port: options.port,
    socket: {
      open: (socket) => {
        socket.setNoDelay(true);
        sendNext(socket);
      },
      data: (socket, chunk) => {
        const answer = read(chunk);
        if (answer === null) return;
        const at = performance.now();
        options.onAnswer({ ...answer, milliseconds: at - sentAt, at, isFirst });
        isFirst = false;
        sendNext(socket);
      },
      close: () => {
        if (!done) reject(new Error('the server closed a connection'));
      },
      error: (_socket, error) => reject(error),
      connectError: (_socket, error) => reject(error),
    },
  }).catch(reject);
  return promise;
}

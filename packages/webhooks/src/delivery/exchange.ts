import type { Socket } from 'node:net';
import type { DeliveryAttempt } from './delivery-attempt.ts';
import { readErrorCode } from './resolve-target.ts';
import type { ReadProgress, ResponseReader } from './response-reader.ts';

/** How an exchange ended: a complete response, a redirect whose body nobody wants, or a refusal of the reader. */
export type ExchangeEnd = Exclude<ReadProgress, { readonly kind: 'more' }>;

/**
 * Sends the request and feeds the answer to the reader until it is complete, refused, or the connection ends. Our side
 * stays open until then: some receivers take a half-closed connection for an abandoned one.
 */
export function exchange(input: {
  readonly attempt: DeliveryAttempt;
  readonly socket: Socket;
  readonly request: Uint8Array;
  readonly reader: ResponseReader;
}): Promise<ExchangeEnd> {
  const { attempt, socket, request, reader } = input;
  return new Promise((resolve) => {
    let isSettled = false;
    const settle = (end: ExchangeEnd): void => {
      if (isSettled) return;
      isSettled = true;
      // Here and not at the end of the attempt, so that a flood stops at once.
      socket.destroy();
      resolve(end);
    };
    const settleProgress = (progress: ReadProgress): void => {
      if ('code' in progress || progress.kind === 'complete') settle(progress);
    };
    socket.on('data', (bytes: Uint8Array) => {
      if (isSettled) return;
      attempt.noteFirstByte();
      const progress = reader.push(bytes);
      const { head } = reader;
      if (head !== undefined) attempt.noteHeaders();
      if (head !== undefined && head.status >= 300 && head.status < 400) settle({ kind: 'complete' });
      else settleProgress(progress);
    });
    socket.once('error', (error: unknown) => {
      settle({ code: 'reset', reason: readErrorCode(error) ?? 'closed' });
    });
    socket.once('end', () => settleProgress(reader.end()));
    // Without an end before it, a close is a break, also for a body that lasts until the end.
    socket.once('close', () => {
      const progress = reader.end();
      settle('code' in progress ? progress : { code: 'reset', reason: 'closed_early' });
    });
    socket.write(request);
  });
}

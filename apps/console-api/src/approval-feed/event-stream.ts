/** One message of a stream of server-sent events (WHATWG HTML, section 9.2). */
export interface ServerSentEvent {
  readonly event?: string;
  /** Sent back in Last-Event-ID when the client connects again. Without a line break. */
  readonly id?: string;
  readonly retryMilliseconds?: number;
  readonly data?: unknown;
}

const encoder = new TextEncoder();

/** A message as bytes. One without data dispatches nothing at the client, and still renews its id. */
export function encodeEvent({ event, id, retryMilliseconds, data }: ServerSentEvent): Uint8Array {
  const lines = [
    ...(retryMilliseconds === undefined ? [] : [`retry: ${retryMilliseconds}`]),
    ...(event === undefined ? [] : [`event: ${event}`]),
    ...(id === undefined ? [] : [`id: ${id}`]),
    // JSON has no line break of its own.
    data === undefined ? ':' : `data: ${JSON.stringify(data)}`,
  ];
  return encoder.encode(`${lines.join('\n')}\n\n`);
}

export interface EventStream {
  readonly body: ReadableStream<Uint8Array>;
  /** False when the reader is so far behind that the bytes no longer fit, and when it is gone. */
  write(bytes: Uint8Array): boolean;
  /** Ends the stream after what was written. */
  end(last?: Uint8Array): void;
}

/** The body of a response that is written to as things happen. `onGone` is called when the reader goes away by itself. */
export function openEventStream(options: { readonly bufferBytes: number; readonly onGone: () => void }): EventStream {
  let controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  const body = new ReadableStream<Uint8Array>(
    {
      start: (own) => {
        controller = own;
      },
      cancel: () => {
        controller = null;
        options.onGone();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: options.bufferBytes }),
  );
  return {
    body,
    write(bytes) {
      if (controller === null || (controller.desiredSize ?? 0) < bytes.byteLength) return false;
      controller.enqueue(bytes);
      return true;
    },
    end(last) {
      if (last) controller?.enqueue(last);
      controller?.close();
      controller = null;
    },
  };
}

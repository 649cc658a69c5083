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

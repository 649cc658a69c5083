/** One message of a stream of server-sent events (WHATWG HTML, section 9.2). */
export interface ServerSentEvent {
  readonly event?: string;
  /** Sent back in Last-Event-ID when the client connects again. Without a line break. */
  readonly id?: string;
  readonly retryMilliseconds?: number;
  readonly data?: unknown;
}

/** Of an answer that is a stream. Proxies that hold an answer back until it is whole would hold this one back for ever. */
export const eventStreamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
} as const;

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

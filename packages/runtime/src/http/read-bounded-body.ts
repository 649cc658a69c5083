import type { TransportErrorCode } from '@karmanflow/schema';

export type BodyResult =
  | { readonly ok: true; readonly body: Uint8Array<ArrayBuffer> }
  | { readonly ok: false; readonly code: TransportErrorCode; readonly detail: string };

/**
 * Reads the raw bytes of a request's body, at most `maxBytes` of them, and never holds more than those and one chunk.
 * What Content-Length announces is checked before anything is read, what arrives is counted whatever was announced.
 * A Content-Encoding is refused: a small body that expands has no honest length, and a signature covers the bytes sent.
 */
export async function readBoundedBody(request: Request, maxBytes: number): Promise<BodyResult> {
  const encoding = request.headers.get('content-encoding');
  if (encoding !== null && encoding.trim().toLowerCase() !== 'identity') {
    return { ok: false, code: 'media_type_unsupported', detail: 'send the body without Content-Encoding' };
  }
  const announced = request.headers.get('content-length');
  if (announced !== null && !/^\d{1,15}$/.test(announced)) {
    return { ok: false, code: 'header_invalid', detail: 'Content-Length must be one number' };
  }
  if (announced !== null) return Number(announced) > maxBytes ? tooLarge(maxBytes) : readWhole(request, maxBytes);
  if (request.body === null) return { ok: true, body: new Uint8Array() };
  return readStream(request.body, maxBytes);
}

/** The server's parser delivers exactly what was announced, so this needs no stream, which would cost more than the rest. */
async function readWhole(request: Request, maxBytes: number): Promise<BodyResult> {
  try {
    const body = new Uint8Array(await request.arrayBuffer());
    return body.byteLength > maxBytes ? tooLarge(maxBytes) : { ok: true, body };
  } catch {
    return { ok: false, code: 'input_invalid', detail: 'the body ended before it was complete' };
  }
}

async function readStream(stream: ReadableStream<Uint8Array>, maxBytes: number): Promise<BodyResult> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { ok: true, body: join(chunks, length) };
      length += value.byteLength;
      if (length > maxBytes) {
        // Not awaited: a sender that never ends would keep the refusal from being sent.
        void reader.cancel().catch(() => undefined);
        return tooLarge(maxBytes);
      }
      chunks.push(value);
    }
  } catch {
    return { ok: false, code: 'input_invalid', detail: 'the body ended before it was complete' };
  }
}

function tooLarge(maxBytes: number): BodyResult {
  return { ok: false, code: 'body_too_large', detail: `at most ${maxBytes} bytes` };
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return joined;
}

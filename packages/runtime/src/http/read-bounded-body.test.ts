import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { connect } from 'node:net';
import fc from 'fast-check';
import { type BodyResult, readBoundedBody } from './read-bounded-body.ts';
import { waitUntil } from '../testing/wait-until.ts';

const address = 'http://localhost/';

function streamOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  const rest = [...chunks];
  return new ReadableStream({
    pull(controller) {
      const next = rest.shift();
      if (next === undefined) controller.close();
      else controller.enqueue(next);
    },
  });
}

function post(
  body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
  headers: Record<string, string> = {},
): Request {
  return new Request(address, { method: 'POST', body, headers });
}

const filled = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(120);

describe('readBoundedBody', () => {
  test('gives the bytes as they came, up to the bound', async () => {
    expect(await readBoundedBody(post(filled(100)), 100)).toEqual({ ok: true, body: filled(100) });
    expect(await readBoundedBody(post(streamOf([filled(50), filled(50)])), 100)).toEqual({
      ok: true,
      body: filled(100),
    });
    expect(await readBoundedBody(new Request(address), 100)).toEqual({ ok: true, body: new Uint8Array() });
  });

  test('refuses one byte more, announced or not', async () => {
    const refusal = { ok: false, code: 'body_too_large', detail: 'at most 100 bytes' } as const;
    expect(await readBoundedBody(post(filled(101)), 100)).toEqual(refusal);
    expect(await readBoundedBody(post(streamOf([filled(50), filled(51)])), 100)).toEqual(refusal);
    expect(await readBoundedBody(post(streamOf([filled(50), filled(51)]), { 'content-length': '3' }), 100)).toEqual(
      refusal,
    );
  });

  test('refuses what is announced as too large without reading any of it', async () => {
    const seen = { pulls: 0 };
    const stream = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          seen.pulls += 1;
          controller.enqueue(filled(10));
        },
      },
      { highWaterMark: 0 },
    );
    const result = await readBoundedBody(post(stream, { 'content-length': '101' }), 100);
    expect(result).toMatchObject({ ok: false, code: 'body_too_large' });
    expect(seen.pulls).toBe(0);
  });

  test('stops reading a stream without end one chunk after the bound, and cancels it', async () => {
    const seen = { bytes: 0, cancelled: false };
    const stream = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          seen.bytes += 1_000;
          controller.enqueue(filled(1_000));
        },
        cancel() {
          seen.cancelled = true;
        },
      },
      { highWaterMark: 0 },
    );
    expect(await readBoundedBody(post(stream), 10_000)).toMatchObject({ ok: false, code: 'body_too_large' });
    expect(seen.bytes).toBeLessThanOrEqual(12_000);
    await waitUntil({ what: 'the stream is cancelled', condition: () => seen.cancelled });
  });

  test('refuses content encodings, except the one that is none', async () => {
    for (const encoding of ['gzip', 'br', 'gzip, identity', 'GZIP', 'deflate', '']) {
      const result = await readBoundedBody(post(filled(10), { 'content-encoding': encoding }), 100);
      expect(result).toMatchObject({ ok: false, code: 'media_type_unsupported' });
    }
    expect(await readBoundedBody(post(filled(10), { 'content-encoding': 'Identity' }), 100)).toMatchObject({
      ok: true,
    });
  });

  test('refuses a Content-Length that is no number', async () => {
    for (const length of ['-1', '1, 1', '0x10', '1e3', '9'.repeat(30)]) {
      const result = await readBoundedBody(post(streamOf([filled(1)]), { 'content-length': length }), 100);
      expect(result).toMatchObject({ ok: false, code: 'header_invalid' });
    }
  });

  test('a stream that fails is a refusal, not an exception', async () => {
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(new Error('connection lost'));
      },
    });
    expect(await readBoundedBody(post(stream), 100)).toEqual({
      ok: false,
      code: 'input_invalid',
      detail: 'the body ended before it was complete',
    });
  });

  test('however a body is cut into chunks, it is accepted exactly when it fits', async () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(bodies, fc.integer({ min: 0, max: 200 }), async (chunks, maxBytes) => {
        const whole = Buffer.concat(chunks);
        const result = await readBoundedBody(post(streamOf(chunks)), maxBytes);
        expect(result.ok).toBe(whole.byteLength <= maxBytes);
        if (result.ok) expect(Buffer.from(result.body).equals(whole)).toBe(true);
      }),
    );
  });
});

describe('readBoundedBody behind a real server', () => {
  const results: BodyResult[] = [];
  let server: Bun.Server<undefined>;
  beforeAll(() => {
    server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: async (request) => {
        const result = await readBoundedBody(request, 1_000);
        results.push(result);
        return new Response(result.ok ? String(result.body.byteLength) : result.code, {
          status: result.ok ? 200 : 413,
        });
      },
    });
  });
  afterAll(() => server.stop(true));

  test('reads a chunked body, and refuses one that grows too large', async () => {
    const send = async (chunks: readonly Uint8Array[]) =>
      (await fetch(server.url, { method: 'POST', body: streamOf(chunks) })).text();
    expect(await send([filled(400), filled(400)])).toBe('800');
    expect(await send([filled(400), filled(400), filled(400)])).toBe('body_too_large');
  });

  test('a sender who leaves in the middle is a refusal', async () => {
    const before = results.length;
    const socket = connect(server.port ?? 0, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\nonly this much');
    await waitUntil({ what: 'the request has begun', condition: () => server.pendingRequests > 0 });
    socket.destroy();
    await waitUntil({ what: 'the request has ended', condition: () => results.length > before });
    expect(results.at(-1)).toMatchObject({ ok: false, code: 'input_invalid' });
  });
});

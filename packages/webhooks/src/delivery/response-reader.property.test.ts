import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { deliveryLimits } from './delivery-limits.ts';
import { ResponseReader, type ReadProgress } from './response-reader.ts';

const keptBytes = 16;

interface Reading {
  readonly progress: ReadProgress;
  readonly status: number | undefined;
  readonly kept: string;
  readonly isTruncated: boolean;
}

/** Reads the pieces and then the end, unless the reader has had enough before. */
function read(pieces: readonly Uint8Array[]): Reading {
  const reader = new ResponseReader({ keptBytes });
  let progress: ReadProgress = { kind: 'more' };
  for (const piece of pieces) {
    progress = reader.push(piece);
    if ('code' in progress || progress.kind === 'complete') break;
  }
  if (!('code' in progress) && progress.kind === 'more') progress = reader.end();
  const kept = Buffer.from(reader.keptBytes()).toString('latin1');
  return { progress, status: reader.head?.status, kept, isTruncated: reader.isTruncated };
}

function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [...new Set(places.map((place) => place % (bytes.length + 1)))].toSorted((a, b) => a - b);
  return [...sorted, bytes.length].map((end, index) => bytes.subarray(sorted[index - 1] ?? 0, end));
}

function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

const body = fc.string({ unit: 'binary-ascii', maxLength: 60 });
const chunkSizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 30 });

function inChunks(text: string, sizes: readonly number[]): string {
  const chunks: string[] = [];
  let rest = text;
  for (const size of [...sizes, text.length]) {
    if (rest.length === 0) break;
    const chunk = rest.slice(0, size);
    chunks.push(`${chunk.length.toString(16)};e=1\r\n${chunk}\r\n`);
    rest = rest.slice(size);
  }
  return `${chunks.join('')}0\r\nX-Trailer: 1\r\n\r\n`;
}

const response = fc
  .record({ status: fc.integer({ min: 200, max: 599 }), hints: fc.nat(4), body, chunkSizes, framing: fc.nat(2) })
  .map(({ status, hints, body: text, chunkSizes: sizes, framing }) => {
    const early = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(hints);
    const line = `HTTP/1.1 ${status} Some reason\r\n`;
    const rest = [
      `Content-Length: ${text.length}\r\n\r\n${text}`,
      `Transfer-Encoding: Chunked\r\n\r\n${inChunks(text, sizes)}`,
      `Connection: close\r\n\r\n${text}`,
    ][framing];
    const kept = status === 204 || status === 304 ? '' : text;
    return { status, text: kept, bytes: bytesOf(`${early}${line}${rest}`) };
  });

const places = fc.array(fc.nat(), { maxLength: 12 });

describe('a response', () => {
  test('is read alike however it is cut into pieces', () => {
    fc.assert(
      fc.property(response, places, (sent, cuts) => {
        const expected: Reading = {
          progress: { kind: 'complete' },
          status: sent.status,
          kept: sent.text.slice(0, keptBytes),
          isTruncated: sent.text.length > keptBytes,
        };
        expect(read([sent.bytes])).toEqual(expected);
        expect(read(cut(sent.bytes, cuts))).toEqual(expected);
        expect(read([...sent.bytes].map((byte) => Uint8Array.of(byte)))).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  test('that is cut short is a reset, unless it lasts until the end', () => {
    let resets = 0;
    fc.assert(
      fc.property(response, fc.nat(), (sent, place) => {
        const short = sent.bytes.subarray(0, place % sent.bytes.length);
        const { progress } = read([short]);
        if (!('code' in progress)) return;
        expect(progress.code).toBe('reset');
        resets += 1;
      }),
    );
    expect(resets).toBeGreaterThan(0);
  });
});

describe('hostile bytes', () => {
  test('never make the reader throw, and are judged alike however they are cut', () => {
    const line = fc.constantFrom(
      'HTTP/1.1 200 OK\r\n',
      'HTTP/1.1 100 \r\n\r\n',
      'Content-Length: 3\r\n',
      'Transfer-Encoding: chunked\r\n',
      'X: y\r\n',
      '\r\n',
      '\n',
      '3\r\nabc\r\n',
      '0\r\n',
      'ff;x\r\n',
      ' folded\r\n',
    );
    const noise = fc.oneof({ weight: 8, arbitrary: line }, fc.string({ unit: 'binary-ascii', maxLength: 5 }));
    const hostile = fc.array(noise, { maxLength: 14 }).map((parts) => bytesOf(parts.join('')));
    const seen = new Set<string>();
    fc.assert(
      fc.property(hostile, places, (bytes, cuts) => {
        const whole = read([bytes]);
        expect(read(cut(bytes, cuts))).toEqual(whole);
        seen.add('code' in whole.progress ? whole.progress.code : whole.progress.kind);
      }),
      { numRuns: 3000 },
    );
    expect([...seen].toSorted()).toEqual(['complete', 'reset', 'response_malformed'].toSorted());
  });

  test('without end are refused within the limits', () => {
    const heads = [
      '',
      'HTTP/1.1 200 OK\r\n',
      'HTTP/1.1 200 OK\r\n\r\n',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    ];
    const pieces = ['a', 'a\r\n', 'X: y\r\n', '1\r\na\r\n', '1;xxxxxxxxxxxx\r\na\r\n', 'HTTP/1.1 100 \r\n\r\n', '\r\n'];
    let floods = 0;
    for (const head of heads) {
      for (const piece of pieces) {
        const reader = new ResponseReader({ keptBytes });
        const flood = bytesOf(piece.repeat(Math.ceil(8192 / piece.length)));
        let taken = 0;
        let progress = reader.push(bytesOf(head));
        while (!('code' in progress) && progress.kind === 'more') {
          taken += flood.length;
          expect(taken).toBeLessThanOrEqual(deliveryLimits.responseWireMaxBytes + 2 * flood.length);
          progress = reader.push(flood);
        }
        floods += 1;
      }
    }
    expect(floods).toBe(28);
  });
});

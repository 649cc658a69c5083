import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { answerReader } from './answer-reader.ts';

function answerOf(status: number, body: string): Buffer {
  const head = `HTTP/1.1 ${status} Some Words\r\nContent-Type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}`;
  return Buffer.from(`${head}\r\n\r\n${body}`);
}

test('answers are read one after the other, however they are cut into chunks', () => {
  const bodies = fc.array(fc.string({ unit: 'grapheme', maxLength: 80 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(bodies, fc.integer({ min: 1, max: 40 }), (texts, size) => {
      const read = answerReader();
      for (const text of texts) {
        const bytes = answerOf(200 + text.length, text);
        const seen: [number, string][] = [];
        for (let at = 0; at < bytes.length; at += size) {
          const answer = read(bytes.subarray(at, at + size));
          if (answer !== null) seen.push([answer.status, answer.body()]);
        }
        expect(seen).toEqual([[200 + text.length, text]]);
      }
    }),
  );
});

test('an answer without Content-Length is not understood', () => {
  expect(() => answerReader()(Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'))).toThrow(
    'without Content-Length',
  );
});

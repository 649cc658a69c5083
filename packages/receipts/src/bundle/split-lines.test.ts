import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { bundleLineCharactersMax } from './bundle-limits.ts';
import { splitLines } from './split-lines.ts';

async function linesOf(pieces: readonly Uint8Array[]): Promise<string[]> {
  async function* arriving(): AsyncGenerator<Uint8Array> {
    yield* pieces;
  }
  return Array.fromAsync(splitLines(arriving()));
}

describe('lines', () => {
  test('are the same, in whatever pieces their bytes arrive', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replaceAll('\n', ''))),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        async (lines, lengths) => {
          const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''));
          const pieces: Uint8Array[] = [];
          for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
            const length = lengths[turn % lengths.length] ?? 1;
            pieces.push(bytes.subarray(at, at + length));
            at += length;
          }
          expect(await linesOf(pieces)).toEqual(lines);
        },
      ),
    );
  });

  test('need no newline at the very end, and never grow beyond what is read', async () => {
    expect(await linesOf([new TextEncoder().encode('one\ntwo')])).toEqual(['one', 'two']);
    const piece = new Uint8Array(100_000).fill(97);
    const [line = ''] = await linesOf(Array.from({ length: 30 }, () => piece));
    expect(line.length).toBe(bundleLineCharactersMax + 1);
  });
});

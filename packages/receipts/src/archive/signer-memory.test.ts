import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { consistencyProof, leafHash, rootHash } from '../log/index.ts';
import { formatSignedTree, parseSignerJournal, type SignerMemory, signingRefusal } from './signer-memory.ts';

const origin = 'log.example/log/7f3a';
const leaves = (count: number, kind = 'entry') =>
  Array.from({ length: count }, (_, index) => leafHash(new TextEncoder().encode(`${kind} ${index}`)));
const treeOf = (size: number, kind?: string) => ({ size: BigInt(size), root: rootHash(leaves(size, kind)) });
const remembering = (size: number): SignerMemory => new Map([[origin, treeOf(size)]]);
const request = (size: number, more: { kind?: string; from?: number; hasPredecessor?: boolean } = {}) => ({
  origin,
  ...treeOf(size, more.kind),
  consistency:
    more.from === undefined || more.from >= size
      ? []
      : consistencyProof({ size1: BigInt(more.from), leafHashes: leaves(size, more.kind) }),
  hasPredecessor: more.hasPredecessor ?? true,
});

describe('a signer', () => {
  test('signs the first checkpoint of a log, and none of a log that it has forgotten', () => {
    expect(signingRefusal(new Map(), request(5, { hasPredecessor: false }))).toBeNull();
    expect(signingRefusal(new Map(), request(5))).toBe('memory_lost');
  });

  test('signs what extends what it signed, and the same again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(40), (from, more) => {
        expect(signingRefusal(remembering(from), request(from + more, { from }))).toBeNull();
      }),
    );
  });

  test('signs no smaller tree, no other one of the same size, and none that changed what was signed', () => {
    expect(signingRefusal(remembering(9), request(8))).toBe('rollback');
    expect(signingRefusal(remembering(9), request(9, { kind: 'forged' }))).toBe('fork');
    expect(signingRefusal(remembering(9), request(12, { kind: 'forged', from: 9 }))).toBe('inconsistent');
    expect(signingRefusal(remembering(9), request(12))).toBe('inconsistent');
    expect(signingRefusal(remembering(9), request(12, { from: 8 }))).toBe('inconsistent');
  });
});

describe('the journal of a signer', () => {
  const line = (size: number, kind?: string): string => formatSignedTree({ origin, ...treeOf(size, kind) });

  test('gives the largest tree of each log, in whatever order it was written', () => {
    const other = formatSignedTree({ origin: 'log.example/log', ...treeOf(2) });
    const memory = parseSignerJournal(line(3) + line(7) + other + line(5) + line(7));
    expect([...(memory ?? [])]).toEqual([
      [origin, treeOf(7)],
      ['log.example/log', treeOf(2)],
    ]);
    expect(parseSignerJournal('')).toEqual(new Map());
  });

  test('leaves out a last line that was cut off, wherever it was', () => {
    const last = line(7);
    for (let length = 0; length < last.length; length += 1) {
      expect(parseSignerJournal(line(3) + last.slice(0, length))).toEqual(remembering(3));
    }
  });

  test('is none when a line is damaged, or when it holds a fork', () => {
    for (const text of ['x\n', `${origin} 3\n`, `${origin} 03 AA==\n`, `\n${line(3)}`, `${line(3).trimEnd()} x\n`]) {
      expect(parseSignerJournal(text)).toBeUndefined();
    }
    expect(parseSignerJournal(line(3) + line(7) + line(3, 'forged'))).toBeUndefined();
  });

  test('takes no line that could not be read again', () => {
    expect(() => formatSignedTree({ origin: 'two\nlines', ...treeOf(3) })).toThrow(TypeError);
  });
});

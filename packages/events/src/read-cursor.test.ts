import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { formatCursor, readCursor, streamCursorPattern } from './read-cursor.ts';

const scopeOf = (tenant: number, environment: number) => ({
  tenantId: `tnt_00000000-0000-7000-8000-${String(tenant).padStart(12, '0')}` as const,
  environmentId: `env_00000000-0000-7000-8000-${String(environment).padStart(12, '0')}` as const,
});
const here = scopeOf(1, 11);
const position = fc.maxSafeNat();

describe('a cursor', () => {
  test('gives back the position that it was made of, in its own environment and nowhere else', () => {
    fc.assert(
      fc.property(position, (seq) => {
        const cursor = formatCursor(here, seq);
        expect(cursor).toMatch(streamCursorPattern);
        expect(readCursor(here, cursor)).toEqual({ ok: true, seq });
        for (const other of [scopeOf(1, 12), scopeOf(2, 11), scopeOf(2, 21)]) {
          expect(readCursor(other, cursor)).toEqual({ ok: false, code: 'elsewhere' });
        }
      }),
    );
  });

  test('has one form, which is the same in every release: consumers keep it', () => {
    expect(formatCursor(here, 7)).toBe('evc1_AAAAAAAAAAdK9XLxLqKu4Q');
    fc.assert(
      fc.property(position, fc.nat(26), fc.constantFrom('A', 'B', 'Q', '_', '-', '=', ' ', 'é'), (seq, at, other) => {
        const cursor = formatCursor(here, seq);
        const changed = `${cursor.slice(0, at)}${other}${cursor.slice(at + 1)}`;
        const read = readCursor(here, changed);
        if (changed !== cursor && read.ok) expect(formatCursor(here, read.seq)).toBe(changed);
      }),
    );
  });

  test.each([
    '',
    '0',
    'evc1_',
    'evc2_AAAAAAAAAAdK9XLxLqKu4Q',
    'EVC1_AAAAAAAAAAdK9XLxLqKu4Q',
    'evc1_AAAAAAAAAAdK9XLxLqKu4R',
    'evc1_AAAAAAAAAAdK9XLxLqKu4Q=',
    'evc1_AAAAAAAAAAdK9XLxLqKu4Q\n',
    'evc1_AAAAAAAAAAd+9XLxLqKu4Q',
    'evc1__________97dXLxLqKu4Q',
    `evc1_${'A'.repeat(60)}`,
  ])('%p is none', (text) => {
    expect(readCursor(here, text)).toMatchObject({ ok: false });
  });

  test('of a position that no number can be is none', () => {
    const beyond = `evc1_${Uint8Array.from([0, 32, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]).toBase64({ alphabet: 'base64url', omitPadding: true })}`;
    expect(readCursor(here, beyond)).toEqual({ ok: false, code: 'malformed' });
  });
});

import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { parseTracestate } from './tracestate.ts';

describe('parseTracestate', () => {
  const kept: [string, string][] = [
    ['a=1', 'a=1'],
    ['rojo=00f067aa0ba902b7,congo=t61rcWkgMzE', 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE'],
    [' a=1 ,\t b=2 ', 'a=1,b=2'],
    ['a=1,,b=2,', 'a=1,b=2'],
    ['fw529a3039@dt=x y', 'fw529a3039@dt=x y'],
    ['0vendor/a*b_c-d=:', '0vendor/a*b_c-d=:'],
  ];
  test.each(kept)('hands on %j', (header, expected) => {
    expect(parseTracestate(header)).toBe(expected);
  });

  const refused = [
    '',
    ' , ',
    'novalue',
    'a=',
    'A=1',
    'a b=1',
    'a=1;b=2,a=3=4',
    'a=1,a=2',
    'a=\u0001',
    'a=é',
    'tenant@toolongsystemname=1',
    '@x=1',
    `${'k'.repeat(257)}=1`,
    `a=${'v'.repeat(257)}`,
    Array.from({ length: 33 }, (_, index) => `k${index}=1`).join(','),
    'x'.repeat(10_000),
  ];
  test.each(refused)('drops %j', (header) => {
    expect(parseTracestate(header)).toBeNull();
  });

  test('a list that is too long loses its longest members first, then its last ones', () => {
    const long = `long=${'v'.repeat(200)}`;
    const short = Array.from({ length: 30 }, (_, index) => `k${index}=${'v'.repeat(16)}`);
    const result = parseTracestate([short[0], long, ...short.slice(1)].join(','));
    expect(result).not.toContain('long=');
    expect(result?.length).toBeLessThanOrEqual(512);
    expect(result).toBe(short.slice(0, (result ?? '').split(',').length).join(','));
    expect((result ?? '').split(',').length).toBeGreaterThan(20);
  });

  test('never throws, and what it hands on it hands on again unchanged', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom('a', '0', '=', ',', ' ', '@'), maxLength: 40 }),
    );
    let seen = 0;
    fc.assert(
      fc.property(texts, (text) => {
        const once = parseTracestate(text);
        if (once === null) return;
        seen += 1;
        expect(parseTracestate(once)).toBe(once);
      }),
      { numRuns: 2_000 },
    );
    expect(seen).toBeGreaterThan(0);
  });
});

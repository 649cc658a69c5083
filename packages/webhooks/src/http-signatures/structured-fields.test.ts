import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { parseDictionary, serializeInnerList } from './structured-fields.ts';

describe('a dictionary', () => {
  test('holds items, inner lists and flags, with parameters', () => {
    const parsed = parseDictionary(' a=("x" "y";z);created=1;b="q\\"\\\\",c;d=?0 , e=:AQI=:, f=-12, g=tok/en*, h=?1 ');
    expect([...(parsed?.keys() ?? [])]).toEqual(['a', 'c', 'e', 'f', 'g', 'h']);
    expect(parsed?.get('e')).toMatchObject({ bare: { kind: 'bytes', value: new Uint8Array([1, 2]) } });
    expect(parsed?.get('f')).toMatchObject({ bare: { kind: 'integer', value: -12 } });
    expect(parsed?.get('g')).toMatchObject({ bare: { kind: 'token', value: 'tok/en*' } });
    expect(parsed?.get('c')).toMatchObject({ bare: { kind: 'boolean', value: true } });
    const list = parsed?.get('a');
    if (list === undefined || !('items' in list)) throw new Error('No inner list.');
    expect(serializeInnerList(list)).toBe('("x" "y";z);created=1;b="q\\"\\\\"');
  });

  test('is written in one canonical form', () => {
    const canonical = [
      ['a=(  "x"   "y" )', '("x" "y")'],
      ['a=();b=?1', '();b'],
      ['a=(); b=?0;  c=007', '();b=?0;c=7'],
      ['a=();b=-0', '();b=0'],
      ['a=();b=:AQI=:', '();b=:AQI=:'],
    ] as const;
    for (const [text, expected] of canonical) {
      const list = parseDictionary(text)?.get('a');
      if (list === undefined || !('items' in list)) throw new Error(`No inner list: ${text}`);
      expect(serializeInnerList(list)).toBe(expected);
    }
  });

  const malformed = [
    'A=1',
    '=1',
    'a=',
    'a=1,',
    'a=1 b=2',
    'a=1;',
    'a=1,,b=2',
    'a=1, a=2',
    'a=1;b=1;b=2',
    'a="x',
    'a="\\x"',
    'a="ä"',
    'a=(',
    'a=("x""y")',
    'a=("x",)',
    'a=((1))',
    'a=1.5',
    'a=1234567890123456',
    'a=--1',
    'a=?2',
    'a=:AQI:',
    'a=:AQJ=:',
    'a=:A Q I =:',
    'a=@1',
    'a=\u0001',
    'a="\n"',
  ];
  for (const text of malformed) {
    test(`is not ${JSON.stringify(text)}`, () => {
      expect(parseDictionary(text)).toBeUndefined();
    });
  }

  test('may be empty', () => {
    expect(parseDictionary('')?.size).toBe(0);
  });

  test('never makes the parser throw or hang, and its own writing reads the same', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.string({ unit: fc.constantFrom(...'ab=();,:"\\ ?10-*AQ='), maxLength: 60 }),
      // Nearly lists, so that enough of them are ones.
      fc
        .array(fc.constantFrom('"a"', 'b', '7', ' ', ';', ';c=1', '?1', ':AQ==:'), { maxLength: 8 })
        .map((parts) => `${parts.join('')})`),
    );
    let lists = 0;
    fc.assert(
      fc.property(text, (value) => {
        for (const member of parseDictionary(`a=(${value}`)?.values() ?? []) {
          if (!('items' in member)) continue;
          lists += 1;
          const written = serializeInnerList(member);
          expect(parseDictionary(`a=${written}`)?.get('a')).toEqual(member);
        }
      }),
      { numRuns: 5000 },
    );
    expect(lists).toBeGreaterThan(20);
  });
});

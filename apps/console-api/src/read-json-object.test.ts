import { describe, expect, test } from 'bun:test';
import { limits } from '@karmanflow/schema';
import fc from 'fast-check';
import { readJsonObject } from './read-json-object.ts';

const read = (text: string | Uint8Array) => readJsonObject(typeof text === 'string' ? Buffer.from(text) : text);
const nested = (levels: number): string => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`;

describe('readJsonObject', () => {
  test('reads what JSON.parse reads, for every interoperable object', () => {
    const value = fc.dictionary(
      fc.string({ unit: 'grapheme' }).filter((name) => name !== '__proto__'),
      fc.jsonValue({ maxDepth: 5, stringUnit: 'grapheme' }),
    );
    const safe = (one: unknown): boolean => !/[0-9]{17}|e\+/.test(JSON.stringify(one));
    let seen = 0;
    fc.assert(
      fc.property(value.filter(safe), fc.constantFrom(undefined, 2), (object, indent) => {
        seen += 1;
        const text = JSON.stringify(object, null, indent);
        expect(read(text)).toEqual({ ok: true, value: JSON.parse(text) });
      }),
    );
    expect(seen).toBeGreaterThan(50);
  });

  test('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.string().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          expect(typeof read(bytes).ok).toBe('boolean');
        },
      ),
    );
  });

  test('a name that stands twice in one object is refused, in two objects it is not', () => {
    const twice = { ok: false, code: 'json_malformed', detail: 'a name occurs twice in one object' };
    expect(read('{"a":1,"a":2}')).toMatchObject(twice);
    expect(read('{"a":1,"\\u0061":2}')).toMatchObject(twice);
    expect(read('{"a":{"b":[{"c":1,"c":1}]}}')).toMatchObject(twice);
    expect(read('{"a":{"b":1},"b":2,"c":[{"b":":"},{"b":"\\":{"}]}').ok).toBe(true);
  });

  test.each([
    ['', 'the body is empty'],
    ['{', 'the body is not JSON'],
    ['{"a":1}}', 'the body is not JSON'],
    ["{'a':1}", 'the body is not JSON'],
    ['{"a":NaN}', 'the body is not JSON'],
    ['{"a":"', 'the body is not JSON'],
    ['\ufeff{}', 'the body is not JSON'],
  ])('malformed: %j', (text, detail) => {
    expect(read(text)).toEqual({ ok: false, code: 'json_malformed', detail });
  });

  test.each([
    ['[]', 'the body must be one JSON object'],
    ['null', 'the body must be one JSON object'],
    ['"text"', 'the body must be one JSON object'],
    ['{"a":{"__proto__":{}}}', 'a field must not be named __proto__'],
    ['{"\\u005f_proto__":1}', 'a field must not be named __proto__'],
    ['{"a":"\\ud800"}', 'text must not contain lone surrogates'],
    ['{"\\udc00":1}', 'text must not contain lone surrogates'],
    ['{"a":1e400}', 'a number is beyond 2^53 - 1'],
    ['{"a":[9007199254740993]}', 'a number is beyond 2^53 - 1'],
  ])('not an input: %s', (text, detail) => {
    expect(read(text)).toEqual({ ok: false, code: 'input_invalid', detail });
  });

  test('bytes that are not UTF-8 are refused, not replaced', () => {
    expect(read(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toMatchObject({
      detail: 'the body is not UTF-8',
    });
    expect(read(Buffer.from('{"a":"\u00e9"}', 'latin1'))).toMatchObject({ detail: 'the body is not UTF-8' });
  });

  test('nesting is bounded, however deep, and brackets in text do not count', () => {
    expect(read(nested(limits.jsonDepth)).ok).toBe(true);
    for (const levels of [limits.jsonDepth + 1, 1_000, 100_000]) {
      expect(read(nested(levels))).toMatchObject({ code: 'json_malformed' });
      expect(read('['.repeat(levels))).toMatchObject({ code: 'json_malformed' });
    }
    expect(read(JSON.stringify({ a: '[{'.repeat(100) })).ok).toBe(true);
  });

  test('as many members as a body can hold take no time to speak of', () => {
    const members = Array.from({ length: 20_000 }, (_, index) => `"k${index}":${index}`).join(',');
    const startedAt = performance.now();
    expect(read(`{${members}}`).ok).toBe(true);
    // Quadratic time would be minutes.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});

import { describe, expect, test } from 'bun:test';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { canonicalBytes, canonicalBytesWithin } from './canonical-bytes.ts';
import { detailLengthMax, jsonDepthMax } from './limits.ts';
import { readVectors, readVectorText } from './testing/read-vectors.ts';
import type { JsonValue } from './json-value.ts';

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Any JSON value, except that numbers beyond the safe range are left out: those have no canonical form here. */
const jsonValue = fc
  .jsonValue({ stringUnit: 'binary', maxDepth: 5 })
  .filter((value) => canonicalBytesWithin({ value, bytesMax: 1_000_000 }).ok)
  // A double that is an integer beyond 2^53 is what the filter above drops; fast-check types the rest as unknown.
  .map((value) => value as JsonValue);

/** `bun:test` calls are typed: values that the type JsonValue rules out are passed as what they pretend to be. */
const asJson = (value: unknown): JsonValue => value as JsonValue;

describe('RFC 8785 samples', () => {
  const samples = ['arrays', 'french', 'structures', 'unicode', 'weird'];

  test.each(samples)('%s', (name) => {
    const input = readVectors<JsonValue>(`jcs/input/${name}.json`);
    expect(textOf(canonicalBytes(input))).toBe(readVectorText(`jcs/output/${name}.json`));
  });

  test('values has the published form, and is refused for its integer beyond the safe range', () => {
    const input = readVectors<JsonValue>('jcs/input/values.json');
    expect(canonicalize(input)).toBe(readVectorText('jcs/output/values.json'));
    expect(() => canonicalBytes(input)).toThrow('.numbers[1] is an integer beyond the safe range');
  });
});

test('numbers of RFC 8785 appendix B', () => {
  const { numbers } = readVectors<{ numbers: { ieee754: string; json: string | null }[] }>('jcs/numbers.json');
  const outcomes = { same: 0, refused: 0 };
  for (const { ieee754, json } of numbers) {
    const number = new DataView(Uint8Array.fromHex(ieee754).buffer).getFloat64(0);
    if (json === null || Math.abs(number) > Number.MAX_SAFE_INTEGER) {
      if (json !== null) expect(canonicalize(number)).toBe(json);
      expect(() => canonicalBytes(number)).toThrow(TypeError);
      outcomes.refused += 1;
      continue;
    }
    expect(textOf(canonicalBytes(number))).toBe(json);
    outcomes.same += 1;
  }
  expect(outcomes).toEqual({ same: 13, refused: 13 });
});

describe('values that JSON would lose or change throw', () => {
  const cycle: unknown[] = [];
  cycle.push({ cycle });
  const cases: readonly (readonly [string, unknown, string])[] = [
    ['undefined', undefined, 'value is undefined'],
    ['an undefined member', { a: { b: undefined } }, 'value.a.b is undefined'],
    ['an undefined element', [1, undefined], 'value[1] is undefined'],
    ['a function', { a: () => 1 }, 'value.a is a function'],
    ['a symbol', [Symbol('a')], 'value[0] is a symbol'],
    ['a BigInt', { a: 1n }, 'value.a is a bigint'],
    ['NaN', [Number.NaN], 'value[0] is NaN'],
    ['infinity', Number.POSITIVE_INFINITY, 'value is Infinity'],
    ['negative infinity', Number.NEGATIVE_INFINITY, 'value is -Infinity'],
    ['2^53', 2 ** 53, 'value is an integer beyond the safe range'],
    ['-2^53', { a: -(2 ** 53) }, 'value.a is an integer beyond the safe range'],
    ['a lone high surrogate', ['\uD800'], 'value[0] holds a lone surrogate'],
    ['a lone low surrogate', 'a\uDC00', 'value holds a lone surrogate'],
    ['a lone surrogate in a name', { '\uD800': 1 }, 'value.\uFFFD holds a lone surrogate'],
    ['a Map', { a: new Map([[1, 2]]) }, 'value.a is not a plain object'],
    ['a Set', new Set([1]), 'value is not a plain object'],
    ['a Date', { at: new Date(0) }, 'value.at is not a plain object'],
    ['bytes', { a: new Uint8Array(2) }, 'value.a is not a plain object'],
    ['a boxed string', [new String('a')], 'value[0] is not a plain object'],
    ['an instance of a class', new URLSearchParams(), 'value is not a plain object'],
    ['an object that inherits', Object.create({ a: 1 }), 'value is not a plain object'],
    ['toJSON', { toJSON: () => 1 }, 'value.toJSON is a function'],
    ['a symbol key', { [Symbol('a')]: 1 }, 'value has symbol keys'],
    // A hole is not undefined: JSON.stringify would write null for it.
    // oxlint-disable-next-line no-sparse-arrays -- the hole is what the case is about
    ['a hole', [1, , 2], 'value has holes or named properties'],
    ['an array with a named property', Object.assign([1], { a: 1 }), 'value has holes or named properties'],
    ['a subclass of Array', new (class List extends Array {})(), 'value is not a plain array'],
    ['a cycle', cycle, 'is a cycle'],
  ];

  test.each(cases)('%s', (_name, value, message) => {
    expect(() => canonicalBytes(asJson(value))).toThrow(TypeError);
    expect(() => canonicalBytes(asJson(value))).toThrow(message);
    const bounded = canonicalBytesWithin({ value, bytesMax: 10_000 });
    expect(bounded).toMatchObject({ ok: false, code: 'not_json' });
  });

  test('the explanation is bounded', () => {
    let value: unknown = undefined;
    for (let level = 0; level < 50; level += 1) value = { ['long'.repeat(1000)]: value };
    const refused = canonicalBytesWithin({ value, bytesMax: 1_000_000 });
    if (refused.ok) throw new Error('expected a refusal');
    expect(refused.detail.length).toBe(detailLengthMax);
    expect(refused.detail).toEndWith(' is undefined');
  });
});

test('negative zero, null prototypes, a member named __proto__ and repeated references are plain data', () => {
  const shared = { a: 1 };
  expect(textOf(canonicalBytes(-0))).toBe('0');
  expect(textOf(canonicalBytes(Object.assign(Object.create(null), { a: 1 })))).toBe('{"a":1}');
  expect(textOf(canonicalBytes(JSON.parse('{"__proto__":{"a":1}}')))).toBe('{"__proto__":{"a":1}}');
  expect(textOf(canonicalBytes([shared, shared]))).toBe('[{"a":1},{"a":1}]');
});

test('nesting ends at jsonDepthMax', () => {
  const nested = (depth: number): JsonValue => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
  expect(canonicalBytes(nested(jsonDepthMax)).length).toBe(2 * jsonDepthMax);
  expect(() => canonicalBytes(nested(jsonDepthMax + 1))).toThrow('is nested deeper');
  const deep = nested(100_000);
  expect(canonicalBytesWithin({ value: deep, bytesMax: 1_000_000 })).toMatchObject({ ok: false, code: 'not_json' });
});

describe('laws', () => {
  test('reads back as the same value, and is a fixed point', () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        const bytes = canonicalBytes(value);
        const again: JsonValue = JSON.parse(textOf(bytes));
        expect(JSON.stringify(sortedCopy(again))).toBe(JSON.stringify(sortedCopy(value)));
        expect(canonicalBytes(again)).toEqual(bytes);
      }),
    );
  });

  test('does not depend on the order of members', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.integer()), (object) => {
        const reversed = Object.fromEntries(Object.entries(object).toReversed());
        expect(canonicalBytes(reversed)).toEqual(canonicalBytes(object));
      }),
    );
  });

  test('within a bound: accepted at exactly its length, refused one byte below', () => {
    const atoms: readonly JsonValue[] = [true, false, null, 0, -0, '', 'a', [], {}, [true, null], { a: null }];
    const isExact = (value: JsonValue): void => {
      const bytes = canonicalBytes(value);
      const within = (bytesMax: number): unknown => canonicalBytesWithin({ value, bytesMax });
      expect(within(bytes.length)).toEqual({ ok: true, bytes });
      expect(within(bytes.length - 1)).toMatchObject({ ok: false, code: 'too_large' });
    };
    atoms.forEach(isExact);
    fc.assert(fc.property(jsonValue, isExact));
  });

  test('within a bound: nothing throws, not even values that are no data', () => {
    const hostile = fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withSparseArray: true,
      withTypedArray: true,
      withObjectString: true,
    });
    fc.assert(
      fc.property(hostile, (value) => {
        const result = canonicalBytesWithin({ value, bytesMax: 500 });
        if (result.ok) expect(result.bytes.length).toBeLessThanOrEqual(500);
        else expect(result.detail.length).toBeGreaterThan(0);
      }),
    );
    const trap = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('trap');
        },
      },
    );
    const getter = {
      get a(): never {
        throw new Error('trap');
      },
    };
    expect(canonicalBytesWithin({ value: trap, bytesMax: 500 })).toMatchObject({ ok: false, code: 'not_json' });
    expect(canonicalBytesWithin({ value: getter, bytesMax: 500 })).toMatchObject({ ok: false, code: 'not_json' });
  });

  test('within a bound: small values that stand for vast ones end early', () => {
    let vast: JsonValue = ['a'];
    for (let level = 0; level < 60; level += 1) vast = [vast, vast];
    const endless: unknown = Array(2 ** 32 - 1);
    expect(canonicalBytesWithin({ value: vast, bytesMax: 65_536 })).toMatchObject({ ok: false, code: 'too_large' });
    expect(canonicalBytesWithin({ value: endless, bytesMax: 65_536 })).toMatchObject({ ok: false, code: 'too_large' });
  });
});

/** -0 and the order of members are what the canonical form may change: both are evened out before comparing. */
function sortedCopy(value: JsonValue): unknown {
  if (Array.isArray(value)) return value.map(sortedCopy);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .map(([name, member]): [string, unknown] => [name, sortedCopy(member)])
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

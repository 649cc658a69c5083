import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import * as v from 'valibot';
import {
  amountShape,
  codeShape,
  deltaShape,
  idempotencyKeyShape,
  idShape,
  limits,
  nameShape,
  quantityShape,
  reasonShape,
  textShape,
  timestampShape,
  versionShape,
} from './index.ts';

const accepts = (shape: v.GenericSchema, value: unknown): boolean => v.is(shape, value);
const max = limits.quantityUnits;
const notNumbers = ['1', null, undefined, true, [], {}, 1n, Number.NaN];

describe.each([
  ['quantity', quantityShape, { least: 1, most: max, zero: false }],
  ['amount', amountShape, { least: 0, most: max, zero: true }],
  ['delta', deltaShape, { least: -max, most: max, zero: false }],
  ['version', versionShape, { least: 1, most: Number.MAX_SAFE_INTEGER, zero: false }],
] as const)('%s', (_name, shape, { least, most, zero }) => {
  test('takes both ends and nothing beyond them', () => {
    expect([least, most].map((value) => accepts(shape, value))).toEqual([true, true]);
    expect([least - 1, most + 1].map((value) => accepts(shape, value))).toEqual([false, false]);
    expect(accepts(shape, 0)).toBe(zero);
  });

  test('takes whole numbers only', () => {
    for (const value of [0.5, 1.5, -0.1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 53, ...notNumbers]) {
      expect(accepts(shape, value)).toBe(false);
    }
  });
});

describe('text', () => {
  test.each([
    ['name', nameShape, limits.textLength],
    ['reason', reasonShape, limits.reasonLength],
    ['text of five', textShape({ lengthMax: 5 }), 5],
  ] as const)('%s has from one to its greatest length', (_name, shape, lengthMax) => {
    expect(accepts(shape, '')).toBe(false);
    expect(accepts(shape, 'x')).toBe(true);
    expect(accepts(shape, 'x'.repeat(lengthMax))).toBe(true);
    expect(accepts(shape, 'x'.repeat(lengthMax + 1))).toBe(false);
  });

  test('holds letters of any script, and no control character and no half of a surrogate pair', () => {
    for (const value of ['Müsli', '東京倉庫', '🧺', "O'Brien & Söhne", '<b>', '${x}', '\u00a0']) {
      expect(accepts(nameShape, value)).toBe(true);
    }
    for (const value of ['a\u0000b', 'a\nb', 'a\tb', 'a\u007fb', 'a\u0085b', '\ud83e', 'a\udddab', 7, null]) {
      expect(accepts(nameShape, value)).toBe(false);
    }
  });

  test('whatever is accepted survives UTF-8 unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), (value) => {
        fc.pre(accepts(nameShape, value));
        expect(new TextDecoder().decode(new TextEncoder().encode(value))).toBe(value);
      }),
    );
  });
});

describe('a code', () => {
  test.each(['A', 'a', '0', 'MUG-1', 'a.b', 'a_b', 'a:b', 'a/b', 'a#b', 'AB 12', 'x'.repeat(limits.codeLength)])(
    'may be %p',
    (value) => {
      expect(accepts(codeShape, value)).toBe(true);
    },
  );

  test.each(['', ' A', 'A ', '-A', '.', 'a,b', 'ä', "a'b", 'a"b', 'a\\b', 'a\nb', 'A\n', 'a%b', 'a\u0000b'])(
    'is not %p',
    (value) => {
      expect(accepts(codeShape, value)).toBe(false);
    },
  );

  test('has a greatest length, and refuses a very long one at once', () => {
    expect(accepts(codeShape, 'x'.repeat(limits.codeLength + 1))).toBe(false);
    const startedAt = performance.now();
    expect(accepts(codeShape, `${'a '.repeat(100_000)}!`)).toBe(false);
    // Quadratic time would be minutes.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});

describe('a time', () => {
  test('of ours is taken', () => {
    const anyTime = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
    fc.assert(fc.property(anyTime, (date) => accepts(timestampShape, date.toISOString())));
  });

  test.each([
    '2026-01-01T00:00:00Z',
    '2026-01-01T00:00:00.000000Z',
    '2026-01-01T00:00:00.000+00:00',
    '2026-01-01 00:00:00.000Z',
    '2026-01-01T00:00:00.000z',
    '12026-01-01T00:00:00.000Z',
    '2026-01-01T00:00:00.000Z\n',
    '',
  ])('in the form %p is not', (value) => {
    expect(accepts(timestampShape, value)).toBe(false);
  });

  test.each([
    '2026-13-01T00:00:00.000Z',
    '2026-02-30T00:00:00.000Z',
    '2026-01-01T24:30:00.000Z',
    '2026-01-01T00:61:00.000Z',
  ])('that does not exist, %s, is not', (value) => {
    expect(accepts(timestampShape, value)).toBe(false);
  });
});

describe('an idempotency key', () => {
  test.each(['a', '!', '~', 'order-1', '"quoted"', 'x'.repeat(255)])('may be %p', (value) => {
    expect(accepts(idempotencyKeyShape, value)).toBe(true);
  });

  test.each(['', ' ', 'a b', 'a\tb', 'ä', '\u007f', 'x'.repeat(256), 7])('is not %p', (value) => {
    expect(accepts(idempotencyKeyShape, value)).toBe(false);
  });
});

describe('an id shape', () => {
  const id = 'rsv_018f4a5c-7b2e-7def-8123-456789abcdef';

  test('takes an id of its kind only, and says which form it wants', () => {
    expect(accepts(idShape('reservation'), id)).toBe(true);
    for (const value of [id.replace('rsv', 'var'), id.toUpperCase(), `${id}\n`, id.slice(4), '', null, 7]) {
      expect(accepts(idShape('reservation'), value)).toBe(false);
    }
    const result = v.safeParse(idShape('reservation'), 'nonsense', { abortPipeEarly: true });
    expect(result.issues?.map((issue) => issue.message)).toEqual(['must be an id of the form rsv_<uuid>']);
  });
});

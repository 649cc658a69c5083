import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { childTraceparent, formatTraceparent, mintTraceparent, parseTraceparent } from './traceparent.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const plain = `00-${traceId}-${spanId}-01`;

const hex = (digits: number) =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: digits, maxLength: digits })
    .map((list) => list.join(''))
    .filter((text) => !/^0+$/.test(text));
const parents = fc.record({ traceId: hex(32), spanId: hex(16), sampled: fc.boolean(), randomTraceId: fc.boolean() });

describe('parseTraceparent', () => {
  test('reads version 00', () => {
    expect(parseTraceparent(plain)).toEqual({ traceId, spanId, sampled: true, randomTraceId: false });
    expect(parseTraceparent(`00-${traceId}-${spanId}-02`)).toMatchObject({ sampled: false, randomTraceId: true });
    expect(parseTraceparent(`00-${traceId}-${spanId}-ff`)).toMatchObject({ sampled: true, randomTraceId: true });
  });

  test('reads the known parts of a later version', () => {
    expect(parseTraceparent(`cc-${traceId}-${spanId}-01`)).toMatchObject({ traceId, spanId });
    expect(parseTraceparent(`cc-${traceId}-${spanId}-01-what-the-future-will-be-like`)).toMatchObject({
      traceId,
      spanId,
    });
  });

  // From the W3C's own test suite for Trace Context, test_traceparent_*.
  const refused = {
    'appended to version 00': `${plain}-what-the-future-will-be-like`,
    'a dash appended to version 00': `${plain}-`,
    'a later version without its dash': `cc-${traceId}-${spanId}-01.what-the-future-will-be-like`,
    'version ff': `ff-${traceId}-${spanId}-01`,
    'version in upper case': `CC-${traceId}-${spanId}-01`,
    'version of one digit': `0-${traceId}-${spanId}-01`,
    'version of three digits': `000-${traceId}-${spanId}-01`,
    'illegal character in the version': `.0-${traceId}-${spanId}-01`,
    'trace id of zeros': `00-${'0'.repeat(32)}-${spanId}-01`,
    'trace id in upper case': `00-${traceId.toUpperCase()}-${spanId}-01`,
    'trace id too short': `00-${traceId.slice(1)}-${spanId}-01`,
    'trace id too long': `00-${traceId}1-${spanId}-01`,
    'illegal character in the trace id': `00-.${traceId.slice(1)}-${spanId}-01`,
    'span id of zeros': `00-${traceId}-${'0'.repeat(16)}-01`,
    'span id in upper case': `00-${traceId}-${spanId.toUpperCase()}-01`,
    'span id too short': `00-${traceId}-${spanId.slice(1)}-01`,
    'flags of one digit': `00-${traceId}-${spanId}-1`,
    'flags of three digits': `00-${traceId}-${spanId}-001`,
    'illegal character in the flags': `00-${traceId}-${spanId}-.0`,
    'flags in upper case': `00-${traceId}-${spanId}-0A`,
    'white space around': ` ${plain}`,
    'a line feed at the end': `${plain}\n`,
    'two values': `${plain}, ${plain}`,
    empty: '',
  };
  test.each(Object.entries(refused))('ignores %s', (_what, header) => {
    expect(parseTraceparent(header)).toBeNull();
  });

  test('is the inverse of formatTraceparent', () => {
    fc.assert(
      fc.property(parents, (parent) => {
        expect(parseTraceparent(formatTraceparent(parent))).toEqual(parent);
      }),
    );
  });

  test('never throws, and whatever it accepts is formatted in 55 characters of version 00', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom('0', 'a', 'f', '-'), maxLength: 80 }),
      parents.map(formatTraceparent),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const parsed = parseTraceparent(text);
        if (parsed !== null) expect(formatTraceparent(parsed)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$/);
      }),
    );
  });
});

describe('formatTraceparent', () => {
  test('throws on what is no id', () => {
    const parent = { traceId, spanId, sampled: true, randomTraceId: false };
    expect(formatTraceparent(parent)).toBe(plain);
    expect(() => formatTraceparent({ ...parent, traceId: '0'.repeat(32) })).toThrow(TypeError);
    expect(() => formatTraceparent({ ...parent, spanId: 'x' })).toThrow(TypeError);
  });
});

describe('mintTraceparent and childTraceparent', () => {
  test('take their ids from the random bytes', () => {
    const ones = (size: number): Uint8Array => new Uint8Array(size).fill(0x11);
    expect(mintTraceparent(ones)).toBe(`00-${'11'.repeat(16)}-${'11'.repeat(8)}-01`);
    expect(childTraceparent(plain, ones)).toBe(`00-${traceId}-${'11'.repeat(8)}-01`);
  });

  test('keep the flags of the caller', () => {
    const ones = (size: number): Uint8Array => new Uint8Array(size).fill(0x11);
    expect(childTraceparent(`00-${traceId}-${spanId}-00`, ones)).toEndWith('-00');
    expect(childTraceparent(`00-${traceId}-${spanId}-ff`, ones)).toEndWith('-03');
  });

  test('are valid even when the random bytes are all zero', () => {
    const zeros = (size: number): Uint8Array => new Uint8Array(size);
    expect(parseTraceparent(mintTraceparent(zeros))).not.toBeNull();
    expect(parseTraceparent(childTraceparent(plain, zeros))).not.toBeNull();
  });

  test('throw on a source that gives the wrong number of bytes, and on a parent that is none', () => {
    expect(() => mintTraceparent(() => new Uint8Array(3))).toThrow('16 random bytes');
    expect(() => childTraceparent('nonsense', (size) => new Uint8Array(size))).toThrow('not a traceparent');
  });
});

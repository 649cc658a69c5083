import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { types } from 'pg';
import { parseBigint, parseTimestamp, valueParsers } from './value-parsers.ts';

/** A time as Postgres writes it in a UTC session: trailing zeros of the fraction are left out. */
function asPostgresWrites(date: Date, microseconds: number): string {
  const iso = date.toISOString();
  const fraction = `${iso.slice(20, 23)}${String(microseconds).padStart(3, '0')}`.replace(/0+$/, '');
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}${fraction === '' ? '' : `.${fraction}`}+00`;
}

const anyDate = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });

describe('a time', () => {
  test.each([
    ['2026-11-22 03:04:05.1+00', '2026-11-22T03:04:05.100Z'],
    ['2026-11-22 03:04:05+00', '2026-11-22T03:04:05.000Z'],
    ['2026-11-22 03:04:05.12+00', '2026-11-22T03:04:05.120Z'],
    ['2026-11-22 03:04:05.123+00', '2026-11-22T03:04:05.123Z'],
    ['2026-11-22 03:04:05.123999+00', '2026-11-22T03:04:05.123Z'],
    ['2026-11-22 03:04:05.000001+00', '2026-11-22T03:04:05.000Z'],
    ['0001-01-01 00:00:00+00', '0001-01-01T00:00:00.000Z'],
    ['9999-12-31 23:59:59.999999+00', '9999-12-31T23:59:59.999Z'],
  ])('%s becomes %s', (text, expected) => {
    expect(parseTimestamp(text)).toBe(expected);
  });

  test('equals what Date makes of it, and what is finer than a millisecond is cut off, not rounded', () => {
    fc.assert(
      fc.property(anyDate, fc.integer({ min: 0, max: 999 }), (date, microseconds) => {
        expect(parseTimestamp(asPostgresWrites(date, microseconds))).toBe(date.toISOString());
      }),
    );
  });

  test('keeps the order of times as the order of text', () => {
    fc.assert(
      fc.property(anyDate, anyDate, (one, other) => {
        const [a, b] = [parseTimestamp(asPostgresWrites(one, 0)), parseTimestamp(asPostgresWrites(other, 0))];
        expect(a < b).toBe(one.getTime() < other.getTime());
      }),
    );
  });

  test.each([
    ['2026-03-29 03:30:00+02', '2026-03-29T01:30:00.000Z'],
    ['2026-03-29 01:30:00.5+01', '2026-03-29T00:30:00.500Z'],
    ['2026-11-22 08:34:05.25+05:30', '2026-11-22T03:04:05.250Z'],
    ['2026-11-21 19:04:05-08', '2026-11-22T03:04:05.000Z'],
  ])('%s of a session in another zone becomes %s', (text, expected) => {
    expect(parseTimestamp(text)).toBe(expected);
  });

  test.each(['infinity', '-infinity', '', 'now', '0044-03-15 00:00:00+00 BC'])(
    '%p is an error, not a guess',
    (text) => {
      expect(() => parseTimestamp(text)).toThrow(RangeError);
    },
  );
});

describe('a bigint', () => {
  test('is a number as long as a number holds it exactly', () => {
    fc.assert(fc.property(fc.maxSafeInteger(), (value) => parseBigint(String(value)) === value));
    expect(parseBigint('9007199254740991')).toBe(Number.MAX_SAFE_INTEGER);
    expect(parseBigint('-9007199254740991')).toBe(Number.MIN_SAFE_INTEGER);
  });

  test.each([
    '9007199254740992',
    '-9007199254740992',
    '9223372036854775807',
    '-9223372036854775808',
    'NaN',
    '1.5',
    '1e400',
  ])('%s throws', (text) => {
    expect(() => parseBigint(text)).toThrow(RangeError);
  });
});

describe('the parsers of a pool', () => {
  test('are ours for bigint and timestamptz in text, and those of pg for everything else', () => {
    expect(valueParsers.getTypeParser(20)).toBe(parseBigint);
    expect(valueParsers.getTypeParser(1184, 'text')).toBe(parseTimestamp);
    expect(valueParsers.getTypeParser(20, 'binary')).not.toBe(parseBigint);
    expect(valueParsers.getTypeParser(16, 'text')('t')).toBe(true);
    expect(valueParsers.getTypeParser(23)('7')).toBe(7);
  });

  test('are not set for the whole process', () => {
    expect(types.getTypeParser(20)('7')).toBe('7');
  });
});

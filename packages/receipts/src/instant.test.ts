import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { instantMilliseconds } from './instant.ts';

test('reads what toISOString writes', () => {
  const years = { min: new Date('0000-01-01T00:00:00.000Z'), max: new Date('9999-12-31T23:59:59.999Z') };
  fc.assert(
    fc.property(fc.date({ ...years, noInvalidDate: true }), (date) => {
      expect(instantMilliseconds(date.toISOString())).toBe(date.getTime());
    }),
  );
});

test.each([
  '2026-03-01T09:30:00Z',
  '2026-03-01T09:30:00.04Z',
  '2026-03-01T09:30:00.042+00:00',
  '2026-03-01t09:30:00.042z',
  '2026-03-01 09:30:00.042Z',
  '2026-02-30T09:30:00.042Z',
  '2026-13-01T09:30:00.042Z',
  '2026-03-01T24:00:00.000Z',
  '2026-12-31T23:59:60.000Z',
  '+010000-01-01T00:00:00.000Z',
  '-000001-01-01T00:00:00.000Z',
  '2026-03-01T09:30:00.042Z\n',
  '',
  null,
  1_772_357_400_042,
])('refuses %p', (text) => {
  expect(instantMilliseconds(text)).toBeNull();
});

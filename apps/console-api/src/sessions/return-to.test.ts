import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { readReturnTo } from './return-to.ts';
import { sessionLimits } from './session-limits.ts';

const origin = 'https://console.example.com';

describe('where a browser wants to be', () => {
  test.each([
    ['/', '/'],
    ['/orders?open=1#top', '/orders?open=1#top'],
    ['/a/../b', '/b'],
    ['/%2F%2Fevil.example', '/%2F%2Fevil.example'],
    ['/login?returnTo=//evil.example', '/login?returnTo=//evil.example'],
    ['/@evil.example', '/@evil.example'],
  ])('%s is %s', (text, path) => {
    expect(readReturnTo(text, origin)).toBe(path);
  });

  test.each([
    '',
    'orders',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/a\\b',
    '/\tevil',
    '/\n/evil.example',
    '/ü',
    '/..//evil.example',
    '/.//evil.example',
    'https://console.example.com/orders',
    'javascript:alert(1)',
    `/${'a'.repeat(sessionLimits.returnToCharacters)}`,
  ])('%j is refused', (text) => {
    expect(readReturnTo(text, origin)).toBeNull();
  });

  test('is on our origin, whatever it was, however a browser reads it', () => {
    let accepted = 0;
    const pieces = fc.constantFrom(
      '/',
      '\\',
      '.',
      '..',
      '%2f',
      '@',
      ':',
      '?',
      '#',
      '\t',
      'evil.example',
      'https:',
      'a',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const path = readReturnTo(`/${parts.join('')}`, origin);
        if (path === null) return;
        accepted += 1;
        expect(new URL(path, origin).origin).toBe(origin);
        expect(readReturnTo(path, origin)).toBe(path);
      }),
      { numRuns: 2_000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });
});

import { describe, expect, test } from 'bun:test';
import { cookieJarText, createHostCookies } from './cookie-jar.ts';

const now = 1_000;

describe('the cookies of a host', () => {
  test('are sent to the paths that they are for', () => {
    const cookies = createHostCookies();
    cookies.keep(['a=1; Path=/; HttpOnly', 'b=2; path=/interaction/x; httponly', 'c=3; Path=/in'], now);
    expect(cookies.headerFor('/interaction/x')).toBe('a=1; b=2');
    expect(cookies.headerFor('/interaction/xy')).toBe('a=1');
    expect(cookies.headerFor('/in/there')).toBe('a=1; c=3');
  });

  test('are replaced, and forgotten when they end', () => {
    const cookies = createHostCookies();
    cookies.keep(['a=1; Path=/; Max-Age=60', 'b=2; Path=/'], now);
    cookies.keep(['a=; Path=/; Max-Age=0', 'b=x=y; Path=/'], now);
    expect(cookies.headerFor('/')).toBe('b=x=y');
    cookies.keep(['b=; Path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT'], now);
    expect(cookies.headerFor('/')).toBe('');
  });

  test('are written as curl reads them', () => {
    const cookies = createHostCookies();
    cookies.keep(['kf_session=abc; Max-Age=60; Path=/; HttpOnly; SameSite=Lax', 'kf_seen=d; Path=/; Secure'], now);
    expect(cookieJarText({ host: '127.0.0.1', cookies: cookies.all() })).toBe(
      [
        '# Netscape HTTP Cookie File',
        '#HttpOnly_127.0.0.1\tFALSE\t/\tFALSE\t1060\tkf_session\tabc',
        '#HttpOnly_127.0.0.1\tFALSE\t/\tTRUE\t0\tkf_seen\td',
        '',
      ].join('\n'),
    );
  });
});

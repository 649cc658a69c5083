import { describe, expect, test } from 'bun:test';
import { createCookieJar } from './session-cookies.ts';

const secure = createCookieJar({ isSecure: true });
const plain = createCookieJar({ isSecure: false });
const headers = (cookie: string): Headers => new Headers({ cookie });

describe('the cookies of a browser', () => {
  test('over https belong to this host alone', () => {
    expect(secure.set(secure.names.session, 'abc', 60.9)).toBe(
      '__Host-kf_session=abc; Max-Age=60; Path=/; HttpOnly; SameSite=Lax; Secure',
    );
    expect(Object.values(secure.names).every((name) => name.startsWith('__Host-kf_'))).toBe(true);
  });

  test('over http have names that browsers take there', () => {
    expect(plain.set(plain.names.seen, 'abc', 60)).toBe('kf_seen=abc; Max-Age=60; Path=/; HttpOnly; SameSite=Lax');
    expect(plain.clear(plain.names.session)).toStartWith('kf_session=; Max-Age=0; Path=/;');
    expect(plain.set(plain.names.session, 'abc', -5)).toContain('Max-Age=0;');
  });

  test.each([
    ['kf_session=abc', 'abc'],
    ['a=b; kf_session=abc; c=d', 'abc'],
    ['a=b;kf_session=abc', 'abc'],
    ['kf_session=', ''],
    ['kf_session=abc; kf_session=def', ''],
    ['kf_session=abc, kf_session=abc', ''],
    ['__Host-kf_session=abc', null],
    ['xkf_session=abc', null],
    ['kf_session_2=abc', null],
    ['KF_SESSION=abc', null],
    ['', null],
  ])('%j holds the session %j', (cookie, value) => {
    expect(plain.read(headers(cookie), plain.names.session)).toBe(value);
  });

  test('are not looked for in a header without end', () => {
    expect(plain.read(headers(`${'a'.repeat(20_000)}=b; kf_session=abc`), plain.names.session)).toBeNull();
    expect(plain.read(new Headers(), plain.names.session)).toBeNull();
  });
});

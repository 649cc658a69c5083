import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import * as v from 'valibot';
import { headersShape, takesEventType, urlShape } from './shapes.ts';
import { webhookBounds } from './webhook-bounds.ts';

describe('an address', () => {
  test.each([
    'https://hooks.acme.example',
    'https://hooks.acme.example:8443/a/b?c=d&e=%20',
    'https://203.0.113.7/in',
    'https://[2001:db8::1]/in',
    'http://127.0.0.1:4700/in',
    'http://localhost/in',
    'http://[::1]:80/',
  ])('%s is taken', (text) => expect(v.is(urlShape, text)).toBe(true));

  test.each([
    'http://hooks.acme.example/',
    'http://127.0.0.1.evil.example/',
    'http://localhost.evil.example/',
    'http://127.0.0.1@evil.example/',
    'https://user:password@hooks.acme.example/',
    'https://hooks.acme.example/#part',
    'https://hooks.acme.example\\@evil.example/',
    'https://hooks.acme.example/a b',
    'https://hooks.acme.example/\n',
    'https://',
    'https:///in',
    'ftp://hooks.acme.example/',
    'javascript:alert(1)',
    `https://hooks.acme.example/${'x'.repeat(webhookBounds.urlCharacters)}`,
  ])('%p is not', (text) => expect(v.is(urlShape, text)).toBe(false));
});

describe('headers', () => {
  test('are those of the tenant, and neither ours nor any that carries a secret', () => {
    expect(v.is(headersShape, { 'x-environment': 'sandbox', 'x-shop': 'b 1' })).toBe(true);
    const wrong = ['host', 'content-length', 'transfer-encoding', 'connection', 'webhook-id', 'webhook-signature'];
    const secret = ['authorization', 'cookie', 'x-api-key', 'x-auth-token', 'x-shared-secret', 'x-hub-signature'];
    for (const name of [
      ...wrong,
      ...secret,
      'proxy-authorization',
      'karmanflow-sequence',
      'traceparent',
      'X-Upper',
      'x y',
      '',
    ]) {
      expect([name, v.is(headersShape, { [name]: 'a' })]).toEqual([name, false]);
    }
    for (const value of ['', ' a', 'a\r\nb: c', 'ä', 'x'.repeat(webhookBounds.headerValueCharacters + 1)]) {
      expect([value, v.is(headersShape, { 'x-a': value })]).toEqual([value, false]);
    }
    const many = Object.fromEntries(
      Array.from({ length: webhookBounds.headers + 1 }, (_one, index) => [`x-${index}`, 'a']),
    );
    expect(v.is(headersShape, many)).toBe(false);
  });
});

test('a pattern takes an event type exactly, by whole words, or all of them', () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,5}$/);
  const type = fc.tuple(word, word, word).map((words) => words.join('.'));
  fc.assert(
    fc.property(type, type, (one, other) => {
      const [domain = '', entity = ''] = one.split('.');
      expect(takesEventType(['*'], one)).toBe(true);
      expect(takesEventType([one], other)).toBe(one === other);
      expect(takesEventType([`${domain}.*`], other)).toBe(other.split('.')[0] === domain);
      expect(takesEventType([`${domain}.${entity}.*`], one)).toBe(true);
      expect(takesEventType([domain, `${domain}.${entity}`], one)).toBe(false);
    }),
  );
});

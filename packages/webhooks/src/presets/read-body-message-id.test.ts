import { describe, expect, test } from 'bun:test';
import { readBodyMessageId } from './read-body-message-id.ts';

const read = (body: string | Uint8Array, pointer = '/id') =>
  readBodyMessageId({ rawBody: typeof body === 'string' ? new TextEncoder().encode(body) : body, pointer });

describe('an id in the body', () => {
  const found: readonly (readonly [string, string, string])[] = [
    ['{"id":"evt_1"}', '/id', 'evt_1'],
    ['{"id":7}', '/id', '7'],
    ['{"id":9007199254740991}', '/id', '9007199254740991'],
    ['{"a":[{"id":"x"},{"id":"y"}]}', '/a/1/id', 'y'],
    ['{"a/b":{"~":"z"}}', '/a~1b/~0', 'z'],
    ['{"":"empty"}', '/', 'empty'],
    ['{"__proto__":"own"}', '/__proto__', 'own'],
  ];
  for (const [body, pointer, id] of found) {
    test(`${pointer} of ${body}`, () => {
      expect(read(body, pointer)).toBe(id);
    });
  }

  const absent: readonly (readonly [string, string | Uint8Array, string?])[] = [
    ['no such key', '{}'],
    ['no JSON', 'id=1'],
    ['an empty body', ''],
    ['bytes that are not UTF-8', new Uint8Array([0x7b, 0xff, 0x7d])],
    ['an empty text', '{"id":""}'],
    ['a text with a blank', '{"id":"a b"}'],
    ['a text with a NUL', String.raw`{"id":"a\u0000"}`],
    ['a text of 256 characters', `{"id":"${'a'.repeat(256)}"}`],
    ['a number that JSON.parse rounds', '{"id":9007199254740993}'],
    ['a fraction', '{"id":1.5}'],
    ['a negative number', '{"id":-1}'],
    ['null', '{"id":null}'],
    ['an object', '{"id":{"id":"x"}}'],
    ['what an object inherits', '{}', '/constructor/name'],
    ['the length of a list', '{"id":["a"]}', '/id/length'],
    ['an element by another spelling', '{"id":["a","b"]}', '/id/01'],
    ['a character of a text', '{"id":"abc"}', '/id/0'],
    ['a document deeper than the parser goes', '['.repeat(1_000_000)],
  ];
  for (const [name, body, pointer] of absent) {
    test(`is not ${name}`, () => {
      expect(read(body, pointer)).toBeUndefined();
    });
  }
});

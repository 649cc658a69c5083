import { describe, expect, test } from 'bun:test';
import { ingest } from '@karmanflow/commands';
import fc from 'fast-check';
import { outlineMessage } from './outline-message.ts';

const outlineOf = (value: unknown) =>
  outlineMessage({ headerNames: ['webhook-id', 'x y'], body: new TextEncoder().encode(JSON.stringify(value)) });

describe('the outline of a message', () => {
  test('has places and kinds, and not one value; a name that may be a value is a star', () => {
    const value = {
      email: 'ada@example.com',
      items: [{ n: 1 }, { n: 2, ok: true }],
      'ada@example.com': null,
      none: [],
    };
    expect(outlineOf(value)).toEqual({
      headers: ['webhook-id'],
      bodyBytes: JSON.stringify(value).length,
      fields: {
        '/email': 'text',
        '/items/-/n': 'number',
        '/items/-/ok': 'boolean',
        '/*': 'null',
        '/none': 'list',
      },
      isCut: false,
    });
  });

  test('is bounded, whatever the message', () => {
    const wide = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`f${index}`, index]));
    expect(outlineOf(wide)).toMatchObject({ isCut: true });
    fc.assert(
      fc.property(fc.json(), (text) => {
        const outline = outlineMessage({ headerNames: [], body: new TextEncoder().encode(text) });
        expect(JSON.stringify(outline).length).toBeLessThan(ingest.ingestBounds.outlineCharacters);
      }),
    );
  });

  test('of what is no JSON is its size', () => {
    expect(outlineMessage({ headerNames: [], body: Uint8Array.of(0xff) })).toEqual({
      headers: [],
      bodyBytes: 1,
      fields: null,
      isCut: false,
    });
  });
});

import { describe, expect, test } from 'bun:test';
import * as v from 'valibot';
import { defineEvent, eventTypePattern } from './define-event.ts';

const define = (type: string) =>
  defineEvent({
    type,
    version: 1,
    data: v.strictObject({ id: v.string() }),
    touches: ({ id }) => [{ entity: 'thing', key: { id } }],
  });

describe('an event type', () => {
  test.each(['inventory.level.adjusted', 'a.b.c', 'access.api_key.issued', 'a1.b2.c3'])('may be called %s', (type) => {
    expect(type).toMatch(eventTypePattern);
    expect(define(type).type).toBe(type);
  });

  test.each([
    '',
    'adjusted',
    'level.adjusted',
    'a.b.c.d',
    'A.b.c',
    'a.b.',
    '.a.b',
    'a-b.c.d',
    '1a.b.c',
    'a.b.c\n',
    'a b.c.d',
  ])('may not be called %p', (type) => {
    expect(() => define(type)).toThrow(TypeError);
  });

  test('makes drafts that carry its name and nothing of the outside', () => {
    expect(define('a.b.happened').of({ id: 'x' })).toEqual({ type: 'a.b.happened', data: { id: 'x' } });
  });

  test('says which entities it touches', () => {
    expect(define('a.b.happened').touches({ id: 'x' }, 'evt_1')).toEqual([{ entity: 'thing', key: { id: 'x' } }]);
  });
});

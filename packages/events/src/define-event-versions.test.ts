import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import * as v from 'valibot';
import { defineEvent } from './define-event.ts';
import { createUpcaster, pastVersion, UnreadableEvent } from './define-event-versions.ts';
import type { EventEnvelope } from './envelope.ts';

// Version 1 counted boxes of twelve, version 2 counts pieces, version 3 says of what.
const counted = defineEvent({
  type: 'stock.shelf.counted',
  version: 3,
  data: v.strictObject({ pieces: v.number(), unit: v.picklist(['PIECE', 'KILOGRAM']) }),
  past: [
    pastVersion({
      version: 1,
      data: v.strictObject({ boxes: v.number() }),
      upcast: ({ boxes }) => ({ pieces: boxes * 12 }),
    }),
    pastVersion({
      version: 2,
      data: v.strictObject({ pieces: v.number() }),
      upcast: ({ pieces }) => ({ pieces, unit: 'PIECE' }),
    }),
  ],
  touches: () => [],
});
const upcast = createUpcaster([counted]);

const uuid = '019b76da-a800-7000-8000-000000000002';
function stored(eventVersion: number, data: unknown, eventType: string = counted.type): EventEnvelope {
  return {
    format: 'karmanflow.event/1',
    eventId: `evt_${uuid}`,
    eventType,
    eventVersion,
    tenantId: `tnt_${uuid}`,
    environmentId: `env_${uuid}`,
    receiptId: `rcp_${uuid}`,
    ordinal: 0,
    occurredAt: '2026-03-01T09:30:00.042Z',
    entities: [],
    correlationId: `kfcor_${uuid}`,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    data,
  };
}

describe('an event of a past version', () => {
  test('is read as the newest, whichever it was stored as, and all else of it stays', () => {
    const newest = stored(3, { pieces: 24, unit: 'PIECE' });
    expect(upcast(stored(1, { boxes: 2 }))).toEqual(newest);
    expect(upcast(stored(2, { pieces: 24 }))).toEqual(newest);
  });

  test('that is the newest already is passed through untouched', () => {
    const newest = stored(3, { pieces: 1, unit: 'KILOGRAM' });
    expect(upcast(newest)).toBe(newest);
  });

  test('gives the same by one step at a time as by all at once, and again when read again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), (boxes) => {
        const once = upcast(stored(1, { boxes }));
        expect(once).toEqual(upcast(stored(2, { pieces: boxes * 12 })));
        expect(upcast(once)).toBe(once);
      }),
    );
  });

  test.each([
    ['of another shape than its version', 1, { pieces: 1 }],
    ['with more than its version had', 2, { pieces: 1, unit: 'PIECE' }],
  ])('%s is refused as damage', (_, version, data) => {
    expect(() => upcast(stored(version, data))).toThrow(v.ValiError);
  });

  test('whose upcaster makes something that the next version is not, is refused', () => {
    const wrong = defineEvent({
      type: counted.type,
      version: 2,
      touches: () => [],
      data: v.strictObject({ pieces: v.number() }),
      past: [
        pastVersion({ version: 1, data: v.strictObject({ boxes: v.number() }), upcast: () => ({ pieces: 'many' }) }),
      ],
    });
    expect(() => createUpcaster([wrong])(stored(1, { boxes: 1 }))).toThrow(v.ValiError);
  });
});

test('an event of a newer version or of an unknown type is for a newer reader, which is not the same as damage', () => {
  expect(() => upcast(stored(4, {}))).toThrow(UnreadableEvent);
  expect(() => upcast(stored(1, {}, 'stock.shelf.moved'))).toThrow(UnreadableEvent);
});

describe('a version cannot be raised', () => {
  test.each([
    ['without an upcaster from the one before', 2, []],
    ['over a gap', 3, [2]],
    ['in another order', 3, [2, 1]],
    ['to less than its past', 2, [1, 2]],
    ['to nothing', 0, []],
  ])('%s', (_, version, versions) => {
    const past = versions.map((one) => pastVersion({ version: one, data: v.unknown(), upcast: (data) => data }));
    expect(() => defineEvent({ type: 'a.b.happened', version, data: v.unknown(), past, touches: () => [] })).toThrow(
      TypeError,
    );
  });
});

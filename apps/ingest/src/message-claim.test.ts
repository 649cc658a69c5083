import { describe, expect, test } from 'bun:test';
import { idempotencyKeyShape, limits } from '@karmanflow/schema';
import fc from 'fast-check';
import * as v from 'valibot';
import { claimOf } from './message-claim.ts';

const ingestSourceId = 'src_00000000-0000-7000-8000-000000000001';
const other = 'src_00000000-0000-7000-8000-000000000002';
/** What a message id may be: one to 255 visible ASCII characters. */
const messageIds = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 255,
});

describe('claimOf', () => {
  test('is a key that the pipeline takes, for each message id', () => {
    fc.assert(
      fc.property(messageIds, (messageId) => {
        const { idempotencyKey, causationId } = claimOf({ ingestSourceId, messageId });
        expect(v.is(idempotencyKeyShape, idempotencyKey)).toBe(true);
        expect(idempotencyKey.length).toBeLessThanOrEqual(limits.idempotencyKeyLength);
        expect(causationId.length).toBeLessThanOrEqual(128);
      }),
    );
  });

  test('differs for different messages and sources, and stays the same for one', () => {
    fc.assert(
      fc.property(messageIds, messageIds, (one, another) => {
        const key = (messageId: string) => claimOf({ ingestSourceId, messageId }).idempotencyKey;
        expect(key(one) === key(another)).toBe(one === another);
        expect(claimOf({ ingestSourceId: other, messageId: one }).idempotencyKey).not.toBe(key(one));
      }),
    );
  });

  test('a short id is told as it is; a long one, and one that poses as a hash, by its hash', () => {
    expect(claimOf({ ingestSourceId, messageId: 'msg_1' })).toEqual({
      idempotencyKey: `ingest:${ingestSourceId}:msg_1`,
      causationId: 'webhook:msg_1',
    });
    const long = claimOf({ ingestSourceId, messageId: 'x'.repeat(255) });
    const [, hash = ''] = /^webhook:(sha256:[0-9a-f]{64})$/.exec(long.causationId) ?? [];
    expect(hash).not.toBe('');
    expect(claimOf({ ingestSourceId, messageId: hash }).causationId).not.toBe(long.causationId);
  });
});

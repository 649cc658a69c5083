import { describe, expect, test } from 'bun:test';
import { type AnyCommand, registry } from '@karmanflow/commands';
import { limits } from '@karmanflow/schema';
import fc from 'fast-check';
import { readCommandHeaders } from './command-headers.ts';

function commandOf(type: string): AnyCommand {
  const definition = registry.commands.get(type);
  if (definition === undefined) throw new Error(`no ${type}`);
  return definition;
}

const versioned = commandOf('reservation.commit');
const unversioned = commandOf('reservation.create');
const key = { 'idempotency-key': 'order-1' };
const read = (headers: Record<string, string>, definition = versioned) =>
  readCommandHeaders(new Headers(headers), definition);
const valueOf = (headers: Record<string, string>) => {
  const result = read(headers);
  if (!result.ok) throw new Error(result.detail);
  return result.headers;
};

describe('readCommandHeaders', () => {
  test('without anything but a key the rest has its defaults', () => {
    expect(valueOf(key)).toEqual({
      idempotencyKey: 'order-1',
      expectedVersion: null,
      reason: null,
      deadlineMilliseconds: limits.commandDeadlineMilliseconds,
    });
  });

  test('a key is the same key bare and as an RFC 8941 string', () => {
    const visible = fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)) });
    fc.assert(
      fc.property(
        visible.filter(
          (text) => text.length > 0 && text.length <= limits.idempotencyKeyLength && !text.startsWith('"'),
        ),
        (text) => {
          const quoted = `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
          expect(valueOf({ 'idempotency-key': text }).idempotencyKey).toBe(text);
          expect(valueOf({ 'idempotency-key': quoted }).idempotencyKey).toBe(text);
        },
      ),
    );
  });

  test.each(['""', '"open', '"a" b', '"a", "b"', 'a, b', 'two words', '"two words"', '"a\\b"', 'x'.repeat(256), 'é'])(
    'refuses the key %s without repeating it',
    (text) => {
      expect(read({ 'idempotency-key': text })).toEqual({
        ok: false,
        code: 'header_invalid',
        detail: 'idempotency-key must be 1 to 255 visible ASCII characters',
      });
    },
  );

  test('a missing and an empty key are missing', () => {
    expect(read({})).toMatchObject({ code: 'idempotency_key_missing' });
    expect(read({ 'idempotency-key': '' })).toMatchObject({ code: 'idempotency_key_missing' });
  });

  test('an expected version is a whole number, for commands that check it', () => {
    const header = 'x-karmanflow-expected-version';
    expect(valueOf({ ...key, [header]: '7' }).expectedVersion).toBe(7);
    for (const text of ['0', '-1', '1.0', '1e3', '0x1', 'one', '', '1, 2', '9007199254740993', '9'.repeat(400)]) {
      expect(read({ ...key, [header]: text })).toMatchObject({ code: 'header_invalid' });
    }
    expect(read({ ...key, [header]: '1' }, unversioned)).toMatchObject({ code: 'header_invalid' });
  });

  test('a deadline is a whole number within the limit', () => {
    const header = 'x-karmanflow-deadline-milliseconds';
    expect(valueOf({ ...key, [header]: '250' }).deadlineMilliseconds).toBe(250);
    for (const text of ['0', '10001', '-5', '1s', '']) {
      expect(read({ ...key, [header]: text })).toMatchObject({ code: 'header_invalid' });
    }
  });

  test('a reason is UTF-8, whose bytes arrive as characters', () => {
    const header = 'x-karmanflow-reason';
    const asBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
    expect(valueOf({ ...key, [header]: asBytes('Zählung nach Rücksprache €') }).reason).toBe(
      'Zählung nach Rücksprache €',
    );
    for (const text of ['', 'r'.repeat(501), 'gr\u00fcn', 'tab\there']) {
      expect(read({ ...key, [header]: text })).toMatchObject({ code: 'header_invalid' });
    }
  });
});

import { describe, expect, test } from 'bun:test';
import { limits } from '@karmanflow/schema';
import { readJson } from './read-json.ts';
import { mapMessage } from './map-message.ts';
import type { MessageIds } from './message-reading.ts';

const bytes = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));

const line = { sku: 'MUG-1', location: 'BER-1', quantity: 2 };
const data = { orderId: 'ORDER-1', salesChannel: 'WEB', lines: [line] };
const message = { type: 'order.created', timestamp: '2026-01-01T10:00:00+02:00', data };

const ids: MessageIds = {
  reservations: new Map(),
  variants: new Map([['MUG-1', 'var_1']]),
  locations: new Map([['BER-1', 'loc_1']]),
  salesChannels: new Map([['WEB', 'chn_1']]),
};

const readMessage = (body: Uint8Array) => mapMessage({ kind: 'karmanflow' }, { body, header: () => null });

function read(value: unknown) {
  const result = readMessage(bytes(value));
  if (result.kind !== 'read') throw new Error(JSON.stringify(result));
  return result;
}

describe('order.created', () => {
  test('an order becomes reservation.create, with the order id as reference', () => {
    const { names, toCommand } = read({
      ...message,
      data: { ...data, holdSeconds: 60, lines: [line, { ...line, quantity: 1 }] },
    });
    expect(names).toEqual({ skus: ['MUG-1'], locationCodes: ['BER-1'], salesChannelCodes: ['WEB'], subjects: [] });
    expect(toCommand(ids)).toEqual({
      kind: 'command',
      command: {
        subject: 'ORDER-1',
        setLevel: null,
        commandType: 'reservation.create',
        input: {
          salesChannelId: 'chn_1',
          reference: 'ORDER-1',
          holdSeconds: 60,
          lines: [
            { variantId: 'var_1', locationId: 'loc_1', quantity: 2 },
            { variantId: 'var_1', locationId: 'loc_1', quantity: 1 },
          ],
        },
      },
    });
  });

  test('without a hold of its own the command decides', () => {
    const mapped = read(message).toCommand(ids);
    expect(mapped.kind === 'command' && mapped.command.input).not.toHaveProperty('holdSeconds');
  });

  test('names that do not exist are told by kind, all of them', () => {
    const lines = [line, { sku: 'CUP-9', location: 'MUC-9', quantity: 1 }];
    const unknown = { skus: ['CUP-9'], locationCodes: ['MUC-9'], salesChannelCodes: ['SHOP'], subjects: [] };
    expect(read({ ...message, data: { ...data, salesChannel: 'SHOP', lines } }).toCommand(ids)).toMatchObject({
      kind: 'unprocessable',
      reason: 'name_unknown',
      unknown,
    });
  });

  const wrong: readonly [string, unknown, string][] = [
    ['an unknown type', { ...message, type: 'order.deleted' }, 'type'],
    ['the name of a member of every object', { ...message, type: 'toString' }, 'type'],
    ['an unknown field', { ...message, data: { ...data, priority: 1 } }, 'data.priority'],
    ['no order id', { ...message, data: { salesChannel: 'WEB', lines: [line] } }, 'data.orderId'],
    ['no lines', { ...message, data: { ...data, lines: [] } }, 'data.lines'],
    [
      'too many lines',
      { ...message, data: { ...data, lines: Array.from({ length: limits.reservationLines + 1 }, () => line) } },
      'data.lines',
    ],
    ['half a unit', { ...message, data: { ...data, lines: [{ ...line, quantity: 0.5 }] } }, 'data.lines.0.quantity'],
    [
      'a quantity in text',
      { ...message, data: { ...data, lines: [{ ...line, quantity: '2' }] } },
      'data.lines.0.quantity',
    ],
    [
      'less than nothing',
      { ...message, data: { ...data, lines: [{ ...line, quantity: -1 }] } },
      'data.lines.0.quantity',
    ],
    ['a hold of no time', { ...message, data: { ...data, holdSeconds: 0 } }, 'data.holdSeconds'],
    ['a date without a time', { ...message, timestamp: '2026-01-01' }, 'timestamp'],
    ['a control character in a code', { ...message, data: { ...data, orderId: 'A\u0000B' } }, 'data.orderId'],
  ];
  test.each(wrong)('%s is refused, and the field is named', (_name, value, path) => {
    const result = readMessage(bytes(value));
    expect(result.kind).toBe('unprocessable');
    expect(result.kind === 'unprocessable' ? result.issues.map((issue) => issue.path) : []).toContain(path);
  });

  test.each([['[]'], ['null'], ['"order.created"'], ['{"type":1}'], ['{}'], ['']])('%s has no type', (text) => {
    expect(readMessage(bytes(text)).kind).toBe('unprocessable');
  });
});

describe('readJson', () => {
  test('refuses what is not UTF-8, a byte order mark, and trailing text', () => {
    expect(readJson(Uint8Array.of(0x22, 0xff, 0x22))).toEqual({ ok: false, detail: 'the body is not UTF-8' });
    expect(readJson(Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d)).ok).toBe(false);
    expect(readJson(bytes('{} {}')).ok).toBe(false);
    expect(readJson(bytes('{"a":1}'))).toEqual({ ok: true, value: { a: 1 } });
  });

  test('counts nesting outside of strings only, and before it parses', () => {
    const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
    expect(readJson(bytes(nested(limits.jsonDepth))).ok).toBe(true);
    expect(readJson(bytes(nested(limits.jsonDepth + 1)))).toMatchObject({
      ok: false,
      detail: expect.stringContaining('deeper'),
    });
    expect(readJson(bytes('['.repeat(500_000)))).toMatchObject({
      ok: false,
      detail: expect.stringContaining('deeper'),
    });
    const brackets = '[{\\"'.repeat(50);
    expect(readJson(bytes(`"${brackets}"`))).toEqual({ ok: true, value: '[{"'.repeat(50) });
    expect(readJson(bytes(`"\\\\${''}"`))).toEqual({ ok: true, value: '\\' });
  });
});

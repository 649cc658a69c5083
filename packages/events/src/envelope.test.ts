import { describe, expect, test } from 'bun:test';
import { decodeEvent, type EventEnvelope } from './envelope.ts';

const uuid = '018f4a5c-7b2e-7def-8123-456789abcdef';

const envelope: EventEnvelope = {
  format: 'karmanflow.event/1',
  eventId: `evt_${uuid}`,
  eventType: 'inventory.level.adjusted',
  eventVersion: 1,
  tenantId: `tnt_${uuid}`,
  environmentId: `env_${uuid}`,
  receiptId: `rcp_${uuid}`,
  ordinal: 0,
  occurredAt: '2026-03-01T09:30:00.000Z',
  entities: [{ type: 'inventory_level', id: `var_${uuid}:loc_${uuid}`, version: 1 }],
  correlationId: `kfcor_${uuid}`,
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  data: { delta: 5 },
};

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

describe('a stored event', () => {
  test('is read as it was written', () => {
    expect(decodeEvent(encode(envelope))).toEqual(envelope);
  });

  test.each([
    ['of another format', { format: 'karmanflow.event/2' }],
    ['with an id of another kind', { eventId: `rcp_${uuid}` }],
    ['without its receipt', { receiptId: null }],
    ['with a version of nothing', { entities: [{ type: 'a', id: 'b', version: 0 }] }],
    ['with a negative ordinal', { ordinal: -1 }],
    ['with half an event version', { eventVersion: 1.5 }],
    ['with a time in another form', { occurredAt: '2026-03-01T09:30:00Z' }],
    ['with a field that nobody knows', { extra: true }],
    ['with a field too many on an entity', { entities: [{ type: 'a', id: 'b', version: 1, extra: 1 }] }],
  ])('%s is corruption, and throws', (_what, change) => {
    expect(() => decodeEvent(encode({ ...envelope, ...change }))).toThrow();
  });

  test('that lost a field is corruption, whichever it is', () => {
    const fields = Object.keys(envelope).filter((field) => field !== 'data');
    expect(fields.length).toBe(12);
    for (const field of fields) {
      const { [field as keyof EventEnvelope]: _lost, ...rest } = envelope;
      expect(() => decodeEvent(encode(rest))).toThrow();
    }
  });

  test('that is no UTF-8, no JSON, or cut off is corruption', () => {
    expect(() => decodeEvent(Uint8Array.of(0xff, 0xfe))).toThrow();
    expect(() => decodeEvent(new Uint8Array())).toThrow();
    expect(() => decodeEvent(encode(envelope).slice(0, -1))).toThrow();
    expect(() => decodeEvent(encode(null))).toThrow();
  });
});

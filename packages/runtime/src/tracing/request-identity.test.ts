import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { readRequestIdentity } from './request-identity.ts';
import { parseTraceparent } from './traceparent.ts';

const uuid7 = '018f4c6e-1a2b-7c3d-8e4f-0123456789ab';
const sources = {
  uuidSource: () => '018f0000-0000-7000-8000-000000000001',
  randomBytes: (size: number) => new Uint8Array(size).fill(0xab),
};
const minted = `00-${'ab'.repeat(16)}-${'ab'.repeat(8)}-01`;
const fromCaller = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';

function read(headers: Record<string, string>) {
  return readRequestIdentity(new Headers(headers), sources);
}

function identityOf(headers: Record<string, string>) {
  const result = read(headers);
  if (!result.ok) throw new Error(result.detail);
  return result.identity;
}

describe('readRequestIdentity', () => {
  test('mints all that is needed when nothing is sent', () => {
    expect(read({})).toEqual({
      ok: true,
      identity: {
        correlationId: 'kfcor_018f0000-0000-7000-8000-000000000001',
        requestId: 'kfreq_018f0000-0000-7000-8000-000000000001',
        causationId: null,
        externalCorrelationId: null,
        traceparent: minted,
        tracestate: null,
      },
    });
  });

  test('takes over what the caller sends, except its request id', () => {
    const identity = identityOf({
      'x-karmanflow-correlation-id': `kfcor_${uuid7}`,
      'x-karmanflow-request-id': `kfreq_${uuid7}`,
      'x-karmanflow-causation-id': `evt_${uuid7}`,
      'x-karmanflow-external-correlation-id': 'order/4711#a',
      traceparent: fromCaller,
      tracestate: 'rojo=1, congo=2',
    });
    expect(identity).toEqual({
      correlationId: `kfcor_${uuid7}`,
      requestId: 'kfreq_018f0000-0000-7000-8000-000000000001',
      causationId: `evt_${uuid7}`,
      externalCorrelationId: 'order/4711#a',
      traceparent: fromCaller,
      tracestate: 'rojo=1,congo=2',
    });
  });

  const badCorrelationIds = [
    '',
    uuid7,
    `kfreq_${uuid7}`,
    `kfcor_${uuid7.toUpperCase()}`,
    `kfcor_${uuid7} x`,
    'kfcor_018f4c6e-1a2b-4c3d-8e4f-0123456789ab',
    'kfcor_018f4c6e-1a2b-7c3d-ce4f-0123456789ab',
    `kfcor_${uuid7}, kfcor_${uuid7}`,
    `KFCOR_${uuid7}`,
  ];
  test.each(badCorrelationIds)('refuses the correlation id %j', (value) => {
    const result = read({ 'x-karmanflow-correlation-id': value });
    expect(result).toMatchObject({ ok: false, header: 'x-karmanflow-correlation-id' });
    expect(result).not.toHaveProperty('identity');
  });

  const tokenHeaders = ['x-karmanflow-causation-id', 'x-karmanflow-external-correlation-id'];
  test.each(tokenHeaders)('refuses %s beyond visible ASCII and 128 characters', (header) => {
    for (const value of ['', 'a b', 'é', 'a\tb', 'x'.repeat(129)]) {
      expect(read({ [header]: value })).toMatchObject({ ok: false, header });
    }
    expect(read({ [header]: 'x'.repeat(128) })).toMatchObject({ ok: true });
  });

  test('a header that is sent twice is refused', () => {
    const headers = new Headers();
    headers.append('x-karmanflow-causation-id', 'a');
    headers.append('x-karmanflow-causation-id', 'b');
    expect(readRequestIdentity(headers, sources)).toMatchObject({ ok: false });
  });

  test('a malformed traceparent begins a new trace and drops its tracestate', () => {
    for (const traceparent of ['', 'nonsense', `${fromCaller}-x`, `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`]) {
      expect(identityOf({ traceparent, tracestate: 'rojo=1' })).toMatchObject({
        traceparent: minted,
        tracestate: null,
      });
    }
    expect(identityOf({ tracestate: 'rojo=1' })).toMatchObject({ tracestate: null });
    expect(identityOf({ traceparent: fromCaller, tracestate: '!!' })).toMatchObject({
      traceparent: fromCaller,
      tracestate: null,
    });
  });

  test('a later version is handed on as version 00', () => {
    expect(identityOf({ traceparent: `${fromCaller.replace('00', 'cc')}-more` }).traceparent).toBe(fromCaller);
  });

  test('the refusal does not repeat the value', () => {
    const result = read({ 'x-karmanflow-correlation-id': 'hunter2' });
    expect(JSON.stringify(result)).not.toContain('hunter2');
  });

  test('never throws, and every identity has a valid trace', () => {
    const values = fc.oneof(fc.string(), fc.constant(fromCaller), fc.constant(`kfcor_${uuid7}`));
    const lists = fc.dictionary(
      fc.constantFrom('x-karmanflow-correlation-id', 'x-karmanflow-causation-id', 'traceparent', 'tracestate'),
      values,
    );
    let accepted = 0;
    fc.assert(
      fc.property(lists, (list) => {
        const result = readRequestIdentity({ get: (name) => list[name] ?? null }, sources);
        if (!result.ok) return;
        accepted += 1;
        expect(parseTraceparent(result.identity.traceparent)).not.toBeNull();
      }),
    );
    expect(accepted).toBeGreaterThan(0);
  });
});

import { describe, expect, test } from 'bun:test';
import { ingest } from '@karmanflow/commands';
import fc from 'fast-check';
import * as v from 'valibot';
import { schemeOf } from './source-preset.ts';
import { genericSettings } from './testing/partner-signers.ts';

const settingsShape = ingest.registerSource.input;
const request = {
  code: 'erp',
  principalId: 'prn_00000000-0000-7000-8000-000000000001',
  environmentId: 'env_00000000-0000-7000-8000-000000000002',
  preset: 'generic-hmac',
  secretRefs: ['secrets://erp'],
};
const isTaken = (settings: unknown): boolean => v.safeParse(settingsShape, { ...request, settings }).success;
const address = 'a'.repeat(64);
const stored = (preset: string, settings: unknown, toleranceSeconds = 300) =>
  schemeOf({ preset, settings: JSON.stringify(settings), toleranceSeconds, address });
/** Of one that signs by MAC, as all but one do. */
function scheme(preset: string, settings: unknown, toleranceSeconds = 300) {
  const made = stored(preset, settings, toleranceSeconds)?.scheme ?? null;
  if (made?.kind === 'http-signature') throw new Error('signed by RFC 9421');
  return made;
}

describe('the scheme of a source', () => {
  test('is the preset by its name, with the window of the source where it has one', () => {
    expect(scheme('stripe', {}, 60)?.preset).toMatchObject({ name: 'stripe', replay: { toleranceSeconds: 60 } });
    expect(scheme('stripe', {}, 10_000_000)?.preset.replay).toEqual({ policy: 'window', toleranceSeconds: 86_400 });
    expect(scheme('shopify', {}, 60)?.preset.replay).toEqual({ policy: 'claims' });
  });

  test('is what the settings describe, where nothing has a name', () => {
    expect(isTaken(genericSettings)).toBe(true);
    expect(scheme('generic-hmac', genericSettings)?.preset).toMatchObject({
      signature: { header: 'x-erp-signature' },
      timestamp: { header: 'x-erp-time' },
    });
    expect(scheme('generic-hmac', {})?.preset.signature.header).toBe('x-signature');
  });

  test('is none where the settings cannot be read, fit no scheme, or lack the address that is signed', () => {
    expect(schemeOf({ preset: 'stripe', settings: 'not json', toleranceSeconds: 1, address })).toBeNull();
    expect(scheme('stripe', { unknown: 1 })).toBeNull();
    expect(scheme('square', {})).toBeNull();
    expect(scheme('amazon', {})).toBeNull();
    expect(scheme('toString', {})).toBeNull();
    expect(scheme('generic-hmac', { genericHmac: { signedContent: [{ part: 'id' }] } })).toBeNull();
  });

  test('has the address of the source in what its sender signs', () => {
    const registeredUrl = 'https://hooks.acme.example/v1/ingest/{address}';
    expect(scheme('square', { registeredUrl })?.registeredUrl).toBe(`https://hooks.acme.example/v1/ingest/${address}`);
    expect(stored('http-signatures', { registeredUrl }, 60)?.scheme).toMatchObject({
      kind: 'http-signature',
      registeredUrl: `https://hooks.acme.example/v1/ingest/${address}`,
      preset: {
        toleranceSeconds: 60,
        requiredComponents: ['@method', '@target-uri', 'content-digest'],
        messageId: { source: 'nonce' },
      },
    });
    expect(stored('http-signatures', {})).toBeNull();
    const unsupported = { requiredComponents: ['@target-uri', '@status'] };
    expect(stored('http-signatures', { registeredUrl, httpSignatures: unsupported })).toBeNull();
  });

  test('comes with its limits, or with those that every source has', () => {
    expect(stored('stripe', {})?.limits).toEqual({
      bodyBytes: 1_048_576,
      messagesPerSecond: 100,
      burstMessages: 500,
    });
    const limits = { bodyBytes: 2_048, messagesPerSecond: 1, burstMessages: 3 };
    expect(stored('stripe', { limits })?.limits).toEqual(limits);
  });

  test('never throws on settings that the command took, and reads each part as the command did', () => {
    const part = fc.constantFrom('id', 'timestamp', 'body', 'url', 'method').map((name) => ({ part: name }));
    const text = fc.constantFrom('.', ':', 'v0:', ' ').map((one) => ({ part: 'text', text: one }));
    const settings = fc.record({
      registeredUrl: fc.constant('https://hooks.acme.example/in'),
      genericHmac: fc.record(
        {
          signature: fc.constantFrom(
            { form: 'single', header: 'x-sig', encoding: 'base64', prefix: 'a=' },
            { form: 'tagged', header: 'x-sig', encoding: 'hex', entrySeparator: ',', tagSeparator: '=', tag: 'v1' },
          ),
          signedContent: fc.oneof(
            fc.array(fc.oneof(part, text), { minLength: 1, maxLength: 5 }),
            fc.constantFrom([{ part: 'body' }], [{ part: 'url' }, { part: 'body' }]),
          ),
          timestamp: fc.constantFrom({ source: 'header', header: 'x-time', unit: 'seconds' }),
          messageId: fc.constantFrom(
            { source: 'header', header: 'x-id' },
            { source: 'body', pointer: '/id' },
            { source: 'signed-content' },
          ),
          replay: fc.constantFrom({ policy: 'window', toleranceSeconds: 300 }, { policy: 'claims' }),
        },
        { requiredKeys: [] },
      ),
    });
    let schemes = 0;
    fc.assert(
      fc.property(settings, (one) => {
        expect(isTaken(one)).toBe(true);
        const made = scheme('generic-hmac', one);
        if (made === null) return;
        schemes += 1;
        const described = one.genericHmac.signature;
        if (described) expect<unknown>(made.preset.signature).toEqual(described);
      }),
      { numRuns: 500 },
    );
    expect(schemes).toBeGreaterThan(10);
  });
});

import { expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { signWebhook } from '../sign-webhook.ts';
import { verifyWebhook } from '../verify-webhook.ts';
import { inboundPresets } from './inbound-presets.ts';
import { inboundRefusalCodes } from './inbound-refusal.ts';
import { signInbound } from './testing/sign-inbound.ts';
import { verifyInbound } from './verify-inbound.ts';

const presets = Object.values(inboundPresets);
const nowSeconds = 1_700_000_000;
const url = 'https://ingest.example/in/1';
const standardSecret = fc
  .uint8Array({ minLength: 24, maxLength: 64 })
  .map((key) => `whsec_${Buffer.from(key).toString('base64')}`);
const textSecret = fc
  .string({ unit: 'grapheme-ascii', minLength: 8, maxLength: 60 })
  .filter((text) => text.trim() === text);

/** An object with every id of a body preset, so that any preset finds its own. */
const message = fc
  .record({ id: fc.uuid(), note: fc.string({ unit: 'binary', maxLength: 60 }) })
  .map(({ id, note }) => ({ id, rawBody: new TextEncoder().encode(JSON.stringify({ id, event_id: id, note })) }));

const genuine = fc.constantFrom(...presets).chain((preset) =>
  fc
    .record({ message, secret: preset.secret.encoding === 'utf8' ? textSecret : standardSecret })
    .map(({ message: { id, rawBody }, secret }) => {
      const signing = { preset, secrets: [secret], messageId: id, timestamp: String(nowSeconds), rawBody, url };
      return { id, request: { preset, secrets: [secret], headers: signInbound(signing), rawBody, nowSeconds, url } };
    }),
);

test('every preset accepts its genuine sender', () => {
  fc.assert(
    fc.property(genuine, ({ id, request }) => {
      expect(verifyInbound(request)).toMatchObject({ ok: true, providerMessageId: id, secretIndex: 0 });
    }),
    { numRuns: 300 },
  );
});

test('no byte of the body, the signature or a signed header can be changed', () => {
  let changed = 0;
  fc.assert(
    fc.property(genuine, fc.nat(), fc.nat(), ({ request }, place, bit) => {
      const rawBody = Uint8Array.from(request.rawBody);
      const index = place % rawBody.length;
      rawBody[index] = (rawBody[index] ?? 0) ^ (1 << (bit % 8));
      expect(verifyInbound({ ...request, rawBody }).ok).toBe(false);

      const { preset } = request;
      const headers = request.headers.map(([name, value]): [string, string] => {
        const isSigned = preset.messageId.source !== 'header' || name !== preset.messageId.header || preset.timestamp;
        if (!isSigned) return [name, value];
        changed += 1;
        const bytes = Buffer.from(value, 'latin1');
        const at = place % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit % 8));
        return [name, bytes.toString('latin1')];
      });
      expect(verifyInbound({ ...request, headers }).ok).toBe(false);
    }),
    { numRuns: 500 },
  );
  expect(changed).toBeGreaterThan(500);
});

test('a hostile request never makes it throw', () => {
  const names = presets.flatMap(({ signature, timestamp, messageId }) => [
    signature.header,
    ...(timestamp?.source === 'header' ? [timestamp.header] : []),
    ...(messageId.source === 'header' ? [messageId.header] : []),
  ]);
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.string({ unit: fc.constantFrom(...'v1t=a, =A9.+;'), maxLength: 120 }),
    fc.constantFrom('', '1700000000', 'sha256=', `v1,${'A'.repeat(43)}=`, `t=1700000000,v1=${'0'.repeat(64)}`),
    fc.constant(`${'A'.repeat(43)}=`),
  );
  const pairs = fc.oneof(
    fc.array(fc.tuple(fc.constantFrom(...names), text), { maxLength: 8 }),
    fc.tuple(...names.map((name) => fc.tuple(fc.constant(name), text))),
  );
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.constantFrom(...presets), pairs, fc.uint8Array(), (preset, headers, rawBody) => {
      const secret = preset.secret.encoding === 'utf8' ? 'a known secret' : `whsec_${'A'.repeat(32)}`;
      const result = verifyInbound({ preset, secrets: [secret], headers, rawBody, nowSeconds, url });
      if (result.ok) throw new Error('A forged request was accepted.');
      expect(inboundRefusalCodes).toContain(result.code);
      seen.add(result.code);
    }),
    { numRuns: 2000 },
  );
  expect(seen.size).toBeGreaterThanOrEqual(6);
});

test('our own preset and verifyWebhook say the same', () => {
  const change = fc.constantFrom(
    (text: string) => text,
    (text: string) => ` ${text}`,
    (text: string) => `0${text}`,
    (text: string) => `${text}.0`,
    (text: string) => `${text},junk`,
    (text: string) => `${text}, ${text}`,
    (text: string) => `${text} ${text}`,
    (text: string) => `v1a,AAAA ${text}`,
    (text: string) => text.toUpperCase(),
    (text: string) => text.slice(0, -1),
    (text: string) => text.repeat(90),
    () => '',
  );
  const name = fc.constantFrom('webhook-id', 'webhook-timestamp', 'webhook-signature');
  const outcomes = new Map<string, number>();
  fc.assert(
    fc.property(
      fc.record({ secret: standardSecret, message, name, change, offset: fc.integer({ min: -302, max: 302 }) }),
      (input) => {
        const { id, rawBody } = input.message;
        const signed = signWebhook({
          secret: input.secret,
          messageId: id,
          timestampSeconds: nowSeconds,
          body: rawBody,
        });
        const headers = Object.entries(signed).map(([key, value]): [string, string] => [
          key,
          key === input.name ? input.change(value) : value,
        ]);
        const request = { secrets: [input.secret], headers, nowSeconds: nowSeconds + input.offset };
        const expected = verifyWebhook({ ...request, body: rawBody });
        const actual = verifyInbound({ ...request, preset: inboundPresets.karmanflow, rawBody });
        outcomes.set(expected.ok ? 'ok' : expected.code, (outcomes.get(expected.ok ? 'ok' : expected.code) ?? 0) + 1);
        if (!expected.ok || !actual.ok) {
          expect(actual.ok ? 'ok' : actual.code).toBe(expected.ok ? 'ok' : expected.code);
          return;
        }
        expect(actual.providerMessageId).toBe(expected.messageId);
        expect(actual.signedAtSeconds).toBe(expected.timestampSeconds);
        expect(actual.secretIndex).toBe(expected.secretIndex);
      },
    ),
    { numRuns: 1500 },
  );
  expect(outcomes.size).toBeGreaterThanOrEqual(7);
});

test('they differ in one thing: an entry of another version that is not base64 is passed over', () => {
  const secret = `whsec_${'A'.repeat(32)}`;
  const rawBody = new TextEncoder().encode('{}');
  const signed = signWebhook({ secret, messageId: 'msg_1', timestampSeconds: nowSeconds, body: rawBody });
  const headers = Object.entries({ ...signed, 'webhook-signature': `v9,*** ${signed['webhook-signature']}` });
  const request = { secrets: [secret], headers, nowSeconds };
  expect(verifyWebhook({ ...request, body: rawBody })).toMatchObject({ code: 'signature_malformed' });
  expect(verifyInbound({ ...request, preset: inboundPresets.karmanflow, rawBody }).ok).toBe(true);
});

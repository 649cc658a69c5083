import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { signWebhook } from './sign-webhook.ts';
import { verifyWebhook, type VerifyWebhookInput } from './verify-webhook.ts';
import { webhookRefusalCodes } from './webhook-refusal.ts';

const headerNames = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const;
const toleranceSeconds = 300;

const secret = fc
  .uint8Array({ minLength: 24, maxLength: 64 })
  .map((key) => `whsec_${Buffer.from(key).toString('base64')}`);
const visibleAscii = Array.from({ length: 0x7e - 0x20 }, (_, index) => String.fromCharCode(index + 0x21));
const messageId = fc.string({
  unit: fc.constantFrom(...visibleAscii.filter((character) => character !== '.')),
  minLength: 1,
  maxLength: 255,
});
const message = fc.record({
  secret,
  messageId,
  timestampSeconds: fc.integer({ min: 1, max: 999_999_999_999 }),
  body: fc.uint8Array({ maxLength: 200 }),
});

interface Message {
  readonly secret: string;
  readonly messageId: string;
  readonly timestampSeconds: number;
  readonly body: Uint8Array;
}

function requestOf(input: Message): VerifyWebhookInput {
  return {
    secrets: [input.secret],
    headers: Object.entries(signWebhook(input)),
    body: input.body,
    nowSeconds: input.timestampSeconds,
    toleranceSeconds,
  };
}

function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = Uint8Array.from(bytes);
  const index = bit >> 3;
  flipped[index] = (flipped[index] ?? 0) ^ (1 << (bit & 7));
  return flipped;
}

/** The request with one bit of one header value flipped. */
function flipHeaderBit(request: VerifyWebhookInput, where: { readonly name: string; readonly bit: number }) {
  const headers = [...request.headers].map(([name, value]): [string, string] => {
    if (name !== where.name) return [name, value];
    return [name, Buffer.from(flipBit(Buffer.from(value, 'latin1'), where.bit)).toString('latin1')];
  });
  return { ...request, headers };
}

describe('signing and verifying', () => {
  test('what is signed is verified, anywhere in the window', () => {
    fc.assert(
      fc.property(message, fc.integer({ min: -toleranceSeconds, max: toleranceSeconds }), (input, offset) => {
        const nowSeconds = Math.max(0, input.timestampSeconds + offset);
        expect(verifyWebhook({ ...requestOf(input), nowSeconds })).toEqual({
          ok: true,
          messageId: input.messageId,
          timestampSeconds: input.timestampSeconds,
          secretIndex: 0,
        });
      }),
    );
  });

  test('no bit of the published example can be flipped', () => {
    const request = requestOf({
      secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      messageId: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestampSeconds: 1614265330,
      body: new TextEncoder().encode('{"test": 2432232314}'),
    });
    expect(verifyWebhook(request).ok).toBe(true);
    let flips = 0;
    for (const [name, value] of request.headers) {
      for (let bit = 0; bit < value.length * 8; bit += 1, flips += 1) {
        expect(verifyWebhook(flipHeaderBit(request, { name, bit })).ok).toBe(false);
      }
    }
    for (let bit = 0; bit < request.body.length * 8; bit += 1, flips += 1) {
      expect(verifyWebhook({ ...request, body: flipBit(request.body, bit) }).ok).toBe(false);
    }
    expect(flips).toBe((28 + 10 + 47 + 20) * 8);
  });

  test('no byte of any message can be changed', () => {
    const place = fc.record({ name: fc.constantFrom(...headerNames), bit: fc.nat() });
    fc.assert(
      fc.property(message, place, fc.nat(), (input, { name, bit }, bodyBit) => {
        const request = requestOf(input);
        const length = new Map(request.headers).get(name)?.length ?? 0;
        expect(verifyWebhook(flipHeaderBit(request, { name, bit: bit % (length * 8) })).ok).toBe(false);
        if (input.body.length === 0) return;
        const body = flipBit(input.body, bodyBit % (input.body.length * 8));
        expect(verifyWebhook({ ...request, body }).ok).toBe(false);
      }),
    );
  });

  test('bytes cannot move between the id, the timestamp and the body', () => {
    fc.assert(
      fc.property(message, (input) => {
        const signed = signWebhook(input);
        const content = `${signed['webhook-id']}.${signed['webhook-timestamp']}.`;
        const shifted = { ...signed, 'webhook-id': content.slice(0, -1) };
        const headers = Object.entries(shifted);
        expect(verifyWebhook({ ...requestOf(input), headers }).ok).toBe(false);
      }),
    );
  });
});

/** Texts that are near a valid header, so that each later check is reached as well. */
const hostileText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: fc.constantFrom(...'v1a, =A9.+\t\u0000'), maxLength: 120 }),
  fc.constantFrom('', '1700000000', '1700000000abc', ' +1700000000', 'msg_1', '__proto__', `v1,${'A'.repeat(43)}=`),
  fc.integer().map(String),
  fc.base64String().map((text) => `v1,${text}`),
);
const hostileName = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...headerNames, 'Webhook-Id', 'WEBHOOK-SIGNATURE') },
  { weight: 1, arbitrary: hostileText },
);

describe('hostile requests', () => {
  test('never make it throw, and are refused with a code of the list', () => {
    const seen = new Set<string>();
    const pairs = fc.oneof(
      fc.array(fc.tuple(hostileName, hostileText), { maxLength: 8 }),
      fc.tuple(...headerNames.map((name) => fc.tuple(fc.constant(name), hostileText))),
    );
    fc.assert(
      fc.property(pairs, fc.uint8Array(), secret, (headers, body, known) => {
        const result = verifyWebhook({ secrets: [known], headers, body, nowSeconds: 1_700_000_000 });
        if (result.ok) throw new Error('A forged request was accepted.');
        expect(webhookRefusalCodes).toContain(result.code);
        seen.add(result.code);
      }),
      { numRuns: 2000 },
    );
    expect(seen.size).toBeGreaterThanOrEqual(5);
  });

  test('are accepted only in the one spelling that the signer writes', () => {
    let accepted = 0;
    const mutation = fc.constantFrom(
      (text: string) => text,
      (text: string) => ` ${text}`,
      (text: string) => `${text} `,
      (text: string) => `0${text}`,
      (text: string) => `+${text}`,
      (text: string) => `${text}.0`,
      (text: string) => `${text},junk`,
      (text: string) => `${text}, ${text}`,
      (text: string) => `${text} ${text}`,
      (text: string) => text.toUpperCase(),
      (text: string) => text.slice(0, -1),
    );
    const seen = { message, name: fc.constantFrom(...headerNames), mutation };
    fc.assert(
      fc.property(fc.record(seen), ({ message: input, name, mutation: mutate }) => {
        const request = requestOf(input);
        const headers = [...request.headers].map(([key, value]): [string, string] => [
          key,
          key === name ? mutate(value) : value,
        ]);
        const result = verifyWebhook({ ...request, headers });
        if (!result.ok) return;
        accepted += 1;
        const signed = signWebhook({ secret: input.secret, body: input.body, ...result });
        const values = new Map(headers);
        expect(values.get('webhook-id')).toBe(signed['webhook-id']);
        expect(values.get('webhook-timestamp')).toBe(signed['webhook-timestamp']);
        expect(values.get('webhook-signature')?.split(' ')).toContain(signed['webhook-signature']);
      }),
      { numRuns: 500 },
    );
    expect(accepted).toBeGreaterThan(0);
  });
});

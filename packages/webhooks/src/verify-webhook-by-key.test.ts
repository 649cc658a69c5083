import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { signWebhook } from './sign-webhook.ts';
import { verifyWebhook } from './verify-webhook.ts';
import { verifyWebhookByKey } from './verify-webhook-by-key.ts';
import { requirePublicKey, requireSigningKey, signingKeyOfSeed } from './webhook-signing-key.ts';

// Published in the README and the tests of Svix.
const signingKey = 'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==';
const publicKey = 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=';
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const nowSeconds = 1614265330;
const message = {
  messageId: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestampSeconds: nowSeconds,
  body: new TextEncoder().encode('{"test": 2432232314}'),
};
const published = 'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==';

const signed = signWebhook({ secret, ...message, signingKeys: [signingKey] });
const headersOf = (headers: object): [string, string][] => Object.entries(headers);
const request = { headers: headersOf(signed), body: message.body, nowSeconds };

describe('version v1a', () => {
  test('makes the signature that is published, beside v1', () => {
    expect(signed['webhook-signature']).toBe(`v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= ${published}`);
    expect(verifyWebhook({ ...request, secrets: [secret] })).toMatchObject({ ok: true, secretIndex: 0 });
    expect(verifyWebhookByKey({ ...request, publicKeys: [publicKey] })).toEqual({
      ok: true,
      messageId: message.messageId,
      timestampSeconds: nowSeconds,
      keyIndex: 0,
    });
  });

  test('verifies with whichever key of a rotation the receiver knows', () => {
    const other = signingKeyOfSeed(new Uint8Array(32).fill(3));
    const both = signWebhook({ secret, ...message, signingKeys: [other.signingKey, signingKey] });
    const verify = (publicKeys: string[]) => verifyWebhookByKey({ ...request, headers: headersOf(both), publicKeys });
    expect(verify([publicKey])).toMatchObject({ ok: true, keyIndex: 0 });
    expect(verify([publicKey, other.publicKey])).toMatchObject({ ok: true, keyIndex: 0 });
    const stranger = signingKeyOfSeed(new Uint8Array(32).fill(4));
    expect(verify([stranger.publicKey])).toMatchObject({ ok: false, code: 'signature_mismatch' });
  });

  test('refuses as v1 does', () => {
    const verify = (change: object) => verifyWebhookByKey({ ...request, publicKeys: [publicKey], ...change });
    const withSignature = (text: string) => ({ headers: headersOf({ ...signed, 'webhook-signature': text }) });
    expect(verify({ nowSeconds: nowSeconds + 301 })).toMatchObject({ code: 'timestamp_too_old' });
    expect(verify({ nowSeconds: nowSeconds - 301 })).toMatchObject({ code: 'timestamp_too_new' });
    expect(verify({ headers: [] })).toMatchObject({ code: 'header_missing' });
    expect(verify(withSignature('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='))).toMatchObject({
      code: 'no_supported_signature',
    });
    expect(verify(withSignature(`${published.slice(0, -3)}==`))).toMatchObject({ code: 'signature_malformed' });
    expect(verify(withSignature(Array.from({ length: 9 }, () => published).join(' ')))).toMatchObject({
      code: 'header_too_large',
    });
  });

  test('a change of any byte of the body, or of the id, is noticed', () => {
    fc.assert(
      fc.property(fc.nat(message.body.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const body = message.body.slice();
        body[at] = (body[at] ?? 0) ^ change;
        expect(verifyWebhookByKey({ ...request, body, publicKeys: [publicKey] })).toMatchObject({
          code: 'signature_mismatch',
        });
      }),
      { numRuns: 30 },
    );
    const headers = headersOf({ ...signed, 'webhook-id': 'msg_other' });
    expect(verifyWebhookByKey({ ...request, headers, publicKeys: [publicKey] }).ok).toBe(false);
  });

  test('keys that are none throw, and are not shown', () => {
    const wrongPair = `whsk_${Buffer.alloc(64, 1).toString('base64')}`;
    for (const text of ['', 'whsk_', wrongPair, publicKey, `${signingKey}A`]) {
      expect(() => requireSigningKey(text)).toThrow('A webhook signing key is');
    }
    for (const text of ['', 'whpk_AA==', signingKey])
      expect(() => requirePublicKey(text)).toThrow('A webhook public key');
    expect(() => verifyWebhookByKey({ ...request, publicKeys: [] })).toThrow('1 to 8');
  });
});

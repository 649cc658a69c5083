import { describe, expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { generateWebhookSecret, parseWebhookSecret } from './webhook-secret.ts';

describe('generateWebhookSecret', () => {
  test('serialises exactly the 32 bytes of the source', () => {
    const sizes: number[] = [];
    const secret = generateWebhookSecret((size) => {
      sizes.push(size);
      return new Uint8Array(size).fill(7);
    });
    expect(sizes).toEqual([32]);
    expect(secret).toBe('whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=');
    expect(parseWebhookSecret(secret)).toEqual({ ok: true, key: new Uint8Array(32).fill(7) });
  });

  test('takes randomBytes of node:crypto as it is', () => {
    const secret = generateWebhookSecret(randomBytes);
    expect(parseWebhookSecret(secret).ok).toBe(true);
    expect(generateWebhookSecret(randomBytes)).not.toBe(secret);
  });

  test('throws when the source returns another number of bytes', () => {
    expect(() => generateWebhookSecret(() => new Uint8Array(31))).toThrow('must return 32 bytes');
    expect(() => generateWebhookSecret(() => new Uint8Array(33))).toThrow('must return 32 bytes');
  });
});

describe('parseWebhookSecret', () => {
  test('accepts 24 to 64 bytes and no other length', () => {
    const accepted: number[] = [];
    for (let length = 0; length <= 100; length += 1) {
      const text = `whsec_${Buffer.alloc(length, 0xa5).toString('base64')}`;
      if (parseWebhookSecret(text).ok) accepted.push(length);
    }
    expect(accepted).toEqual(Array.from({ length: 41 }, (_, index) => index + 24));
  });

  test('one secret has one spelling: any other text of the same length is another secret or none', () => {
    const base64Text = fc.string({ unit: fc.constantFrom(...'AQgw+/-_= \nz'), minLength: 30, maxLength: 90 });
    fc.assert(
      fc.property(base64Text, (encoded) => {
        const parsed = parseWebhookSecret(`whsec_${encoded}`);
        if (parsed.ok) expect(Buffer.from(parsed.key).toString('base64')).toBe(encoded);
      }),
    );
  });

  test('reads back each key', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 24, maxLength: 64 }), (key) => {
        const text = `whsec_${Buffer.from(key).toString('base64')}`;
        expect(parseWebhookSecret(text)).toEqual({ ok: true, key });
      }),
    );
  });

  test('returns a key that shares its memory with nothing', () => {
    const parsed = parseWebhookSecret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
    if (!parsed.ok) throw new Error(parsed.code);
    expect(parsed.key.constructor).toBe(Uint8Array);
    expect(parsed.key.buffer.byteLength).toBe(24);
  });

  test('never repeats the refused text', () => {
    const text = 'whsec_c2VjcmV0LXRoYXQtbXVzdC1ub3QtbGVhaw*';
    const parsed = parseWebhookSecret(text);
    expect(parsed.ok).toBe(false);
    expect(JSON.stringify(parsed)).not.toContain('c2Vjcm');
  });

  test('refuses a very long text without decoding it', () => {
    const parsed = parseWebhookSecret(`whsec_${'*'.repeat(1_000_000)}`);
    expect(parsed).toMatchObject({ ok: false, code: 'secret_too_long' });
  });
});

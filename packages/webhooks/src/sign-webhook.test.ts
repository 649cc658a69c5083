import { describe, expect, test } from 'bun:test';
import { signWebhook, type SignWebhookInput } from './sign-webhook.ts';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const body = new TextEncoder().encode('{"test": 2432232314}');
const message = { messageId: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestampSeconds: 1614265330, body };

describe('signWebhook', () => {
  test('makes the signature that Standard Webhooks publishes', () => {
    expect(signWebhook({ secret, ...message })).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  test('signs the bytes that a view shows, not the memory behind it', () => {
    const memory = new Uint8Array(body.length + 20).fill(0xff);
    memory.set(body, 10);
    const view = memory.subarray(10, 10 + body.length);
    expect(signWebhook({ secret, ...message, body: view })).toEqual(signWebhook({ secret, ...message }));
  });

  test('bodies that differ in a byte which is not UTF-8 have different signatures', () => {
    const ff = signWebhook({ secret, ...message, body: Uint8Array.of(0xff) });
    const fe = signWebhook({ secret, ...message, body: Uint8Array.of(0xfe) });
    expect(ff['webhook-signature']).not.toBe(fe['webhook-signature']);
  });

  test('every visible ASCII character but the full stop may stand in an id', () => {
    const accepted: number[] = [];
    for (let code = 0; code <= 0x2ff; code += 1) {
      const messageId = `a${String.fromCharCode(code)}b`;
      try {
        signWebhook({ secret, ...message, messageId });
        accepted.push(code);
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
      }
    }
    const visible = Array.from({ length: 0x7e - 0x21 + 1 }, (_, index) => index + 0x21);
    expect(accepted).toEqual(visible.filter((code) => code !== '.'.charCodeAt(0)));
  });
});

/** Values that the types rule out still arrive from plain JavaScript. */
function untyped(input: Record<string, unknown>): SignWebhookInput {
  return { secret, ...message, ...input } as unknown as SignWebhookInput;
}

describe('signWebhook throws on a bug of the caller', () => {
  const cases: readonly (readonly [string, SignWebhookInput, string])[] = [
    ['empty id', untyped({ messageId: '' }), 'message id'],
    ['id with a full stop', untyped({ messageId: 'a.b' }), 'message id'],
    ['id with a line feed at its end', untyped({ messageId: 'a\n' }), 'message id'],
    ['id of 256 characters', untyped({ messageId: 'a'.repeat(256) }), 'message id'],
    ['id that is no text', untyped({ messageId: 7 }), 'message id'],
    ['timestamp zero', untyped({ timestampSeconds: 0 }), 'timestamp'],
    ['timestamp negative', untyped({ timestampSeconds: -1 }), 'timestamp'],
    ['timestamp with a fraction', untyped({ timestampSeconds: 1.5 }), 'timestamp'],
    ['timestamp in milliseconds', untyped({ timestampSeconds: 1_000_000_000_000 }), 'timestamp'],
    ['timestamp not a number', untyped({ timestampSeconds: Number.NaN }), 'timestamp'],
    ['timestamp infinite', untyped({ timestampSeconds: Number.POSITIVE_INFINITY }), 'timestamp'],
    ['timestamp as text', untyped({ timestampSeconds: '1614265330' }), 'timestamp'],
    ['body as text', untyped({ body: '{}' }), 'raw bytes'],
    ['body as an ArrayBuffer', untyped({ body: new ArrayBuffer(2) }), 'raw bytes'],
    ['secret of 1 byte', untyped({ secret: 'whsec_AA==' }), 'secret_too_short'],
    ['secret without its prefix', untyped({ secret: secret.slice(6) }), 'secret_prefix_missing'],
    ['no secrets', untyped({ secrets: [] }), '1 to 8'],
    ['nine secrets', untyped({ secrets: Array.from({ length: 9 }, () => secret) }), '1 to 8'],
    ['one text where a list belongs', untyped({ secrets: secret }), '1 to 8'],
    ['one bad secret among good ones', untyped({ secrets: [secret, 'whsec_AA=='] }), 'secret 1: secret_too_short'],
  ];
  for (const [name, input, text] of cases) {
    test(name, () => {
      expect(() => signWebhook(input)).toThrow(text);
    });
  }

  test('and the error never shows the secret', () => {
    const bad = 'whsec_c2VjcmV0LXRoYXQtbXVzdC1ub3QtbGVhaw*';
    expect.assertions(2);
    try {
      signWebhook(untyped({ secret: bad }));
    } catch (error) {
      expect(error).toBeInstanceOf(TypeError);
      expect(String(error)).not.toContain('c2Vjcm');
    }
  });
});

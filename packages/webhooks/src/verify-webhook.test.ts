import { describe, expect, spyOn, test } from 'bun:test';
import * as nodeCrypto from 'node:crypto';
import { generateWebhookSecret } from './webhook-secret.ts';
import { signWebhook } from './sign-webhook.ts';
import { verifyWebhook, type VerifyWebhookInput } from './verify-webhook.ts';
import { webhookRefusalCodes, type WebhookRefusalCode } from './webhook-refusal.ts';

const newSecret = generateWebhookSecret((size) => new Uint8Array(size).fill(1));
const oldSecret = generateWebhookSecret((size) => new Uint8Array(size).fill(2));
const otherSecret = generateWebhookSecret((size) => new Uint8Array(size).fill(3));
const body = new TextEncoder().encode('{"stock":5}');
const messageId = 'msg_1';
const nowSeconds = 1_700_000_000;

function requestSignedWith(secrets: readonly string[], timestampSeconds = nowSeconds): VerifyWebhookInput {
  const signed = signWebhook({ secrets, messageId, timestampSeconds, body });
  return { secrets, headers: Object.entries(signed), body, nowSeconds };
}

function outcomeOf(input: VerifyWebhookInput): 'ok' | WebhookRefusalCode {
  const result = verifyWebhook(input);
  return result.ok ? 'ok' : result.code;
}

describe('the window', () => {
  for (const toleranceSeconds of [undefined, 0, 1, 300, 86_400]) {
    test(`includes both edges with tolerance ${toleranceSeconds ?? 'by default'}`, () => {
      const edge = toleranceSeconds ?? 300;
      const option = toleranceSeconds === undefined ? {} : { toleranceSeconds };
      const at = (offset: number) => outcomeOf({ ...requestSignedWith([newSecret], nowSeconds + offset), ...option });
      expect([at(-edge - 1), at(-edge), at(0), at(edge), at(edge + 1)]).toEqual([
        'timestamp_too_old',
        'ok',
        'ok',
        'ok',
        'timestamp_too_new',
      ]);
    });
  }
});

describe('rotation', () => {
  const sender = requestSignedWith([newSecret, oldSecret]);

  test('a sender with two secrets reaches a receiver who knows either', () => {
    expect(verifyWebhook({ ...sender, secrets: [oldSecret] })).toMatchObject({ ok: true, secretIndex: 0 });
    expect(verifyWebhook({ ...sender, secrets: [newSecret] })).toMatchObject({ ok: true, secretIndex: 0 });
    expect(outcomeOf({ ...sender, secrets: [otherSecret] })).toBe('signature_mismatch');
  });

  test('a receiver with two secrets accepts a sender who uses either, and says which', () => {
    const secrets = [newSecret, oldSecret];
    expect(verifyWebhook({ ...requestSignedWith([newSecret]), secrets })).toMatchObject({ ok: true, secretIndex: 0 });
    expect(verifyWebhook({ ...requestSignedWith([oldSecret]), secrets })).toMatchObject({ ok: true, secretIndex: 1 });
    expect(outcomeOf({ ...requestSignedWith([otherSecret]), secrets })).toBe('signature_mismatch');
  });
});

describe('a Headers object', () => {
  const request = requestSignedWith([newSecret]);

  test('is accepted', () => {
    const headers = new Headers([...request.headers].map(([name, value]) => [name.toUpperCase(), value]));
    expect(verifyWebhook({ ...request, headers })).toEqual({
      ok: true,
      messageId,
      timestampSeconds: nowSeconds,
      secretIndex: 0,
    });
  });

  for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature']) {
    test(`with ${name} appended twice is refused`, () => {
      const headers = new Headers([...request.headers].map(([key, value]) => [key, value]));
      headers.append(name, headers.get(name) ?? '');
      expect(outcomeOf({ ...request, headers })).toBe('header_duplicate');
    });
  }
});

describe('several defects at once', () => {
  const signed = signWebhook({ secret: newSecret, messageId, timestampSeconds: nowSeconds, body });

  /** Each code has one defect of its own; the defects do not undo each other. */
  function requestWith(defects: ReadonlySet<WebhookRefusalCode>): VerifyWebhookInput {
    const has = (code: WebhookRefusalCode) => defects.has(code);
    let entries = [signed['webhook-signature']];
    if (has('signature_mismatch')) entries = [`v1,${'A'.repeat(43)}=`];
    if (has('no_supported_signature')) entries = entries.map((entry) => entry.replace('v1,', 'v2,'));
    if (has('signature_malformed')) entries.push('junk');
    if (has('header_too_large')) entries.push(...Array.from({ length: 16 }, () => 'v2,AAAA'));

    let timestamp = signed['webhook-timestamp'];
    if (has('timestamp_too_new')) timestamp = String(nowSeconds + 301);
    if (has('timestamp_too_old')) timestamp = String(nowSeconds - 301);
    if (has('timestamp_malformed')) timestamp = `0${timestamp}`;

    const headers: [string, string][] = [
      ['webhook-timestamp', timestamp],
      ['webhook-signature', entries.join(' ')],
    ];
    if (has('header_duplicate')) headers.push(['webhook-timestamp', timestamp]);
    if (!has('header_missing')) headers.push(['webhook-id', has('header_malformed') ? 'a.b' : messageId]);
    return { secrets: [newSecret], headers, body, nowSeconds };
  }

  test('are refused with the code that stands first, in all 1024 combinations', () => {
    let combinations = 0;
    for (let bits = 0; bits < 2 ** webhookRefusalCodes.length; bits += 1) {
      const defects = webhookRefusalCodes.filter((_, index) => (bits & (1 << index)) !== 0);
      expect(outcomeOf(requestWith(new Set(defects)))).toBe(defects[0] ?? 'ok');
      combinations += 1;
    }
    expect(combinations).toBe(1024);
  });
});

describe('the same work', () => {
  const secrets = [newSecret, oldSecret, otherSecret];
  const valid = requestSignedWith([newSecret]);
  const withSignature = (text: string): VerifyWebhookInput => ({
    ...valid,
    headers: [...valid.headers].map(([name, value]) => [name, name === 'webhook-signature' ? text : value]),
  });
  const mismatch = `v1,${'A'.repeat(43)}=`;
  const twice = requestSignedWith([newSecret, oldSecret]);
  const cases: readonly (readonly ['ok' | WebhookRefusalCode, VerifyWebhookInput, number])[] = [
    ['ok', valid, 1],
    ['ok', twice, 2],
    ['signature_mismatch', withSignature(mismatch), 1],
    ['signature_mismatch', withSignature(`${mismatch} v2,AAAA ${mismatch}`), 2],
    ['signature_malformed', withSignature('junk'), 0],
    ['no_supported_signature', withSignature('v2,AAAA'), 0],
  ];
  for (const [outcome, input, entries] of cases) {
    test(`an HMAC for each secret, a comparison for each pair: ${outcome}, ${entries} v1 entries`, () => {
      const createHmac = spyOn(nodeCrypto, 'createHmac');
      const timingSafeEqual = spyOn(nodeCrypto, 'timingSafeEqual');
      try {
        expect(outcomeOf({ ...input, secrets })).toBe(outcome);
        expect(createHmac).toHaveBeenCalledTimes(secrets.length);
        expect(timingSafeEqual).toHaveBeenCalledTimes(secrets.length * entries);
      } finally {
        createHmac.mockRestore();
        timingSafeEqual.mockRestore();
      }
    });
  }
});

describe('what is never repeated', () => {
  test('a refusal does not quote the request', () => {
    const quoted = 'INJECTED';
    for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature']) {
      const headers = [...requestSignedWith([newSecret]).headers].map(
        ([key, value]) => [key, key === name ? quoted : value] as const,
      );
      const result = verifyWebhook({ ...requestSignedWith([newSecret]), headers });
      expect(result.ok).toBe(false);
      expect(JSON.stringify(result)).not.toContain(quoted);
    }
  });
});

/** Values that the types rule out still arrive from plain JavaScript. */
function untyped(input: Record<string, unknown>): VerifyWebhookInput {
  return { ...requestSignedWith([newSecret]), ...input } as unknown as VerifyWebhookInput;
}

describe('verifyWebhook throws on a bug of the caller', () => {
  const cases: readonly (readonly [string, VerifyWebhookInput, string])[] = [
    ['secret of 1 byte', untyped({ secrets: ['whsec_AA=='] }), 'secret_too_short'],
    ['one bad secret behind a good one', untyped({ secrets: [newSecret, 'AA=='] }), 'secret 1: secret_prefix_missing'],
    ['no secrets', untyped({ secrets: [] }), '1 to 8'],
    ['nine secrets', untyped({ secrets: Array.from({ length: 9 }, () => newSecret) }), '1 to 8'],
    ['body as text', untyped({ body: '{"stock":5}' }), 'raw bytes'],
    ['now not a number', untyped({ nowSeconds: Number.NaN }), 'current time'],
    ['now with a fraction', untyped({ nowSeconds: nowSeconds + 0.5 }), 'current time'],
    ['now negative', untyped({ nowSeconds: -1 }), 'current time'],
    ['tolerance not a number', untyped({ toleranceSeconds: Number.NaN }), 'tolerance'],
    ['tolerance negative', untyped({ toleranceSeconds: -1 }), 'tolerance'],
    ['tolerance infinite', untyped({ toleranceSeconds: Number.POSITIVE_INFINITY }), 'tolerance'],
    ['tolerance above a day', untyped({ toleranceSeconds: 86_401 }), 'tolerance'],
  ];
  for (const [name, input, text] of cases) {
    test(name, () => {
      expect(() => verifyWebhook(input)).toThrow(text);
    });
  }

  test('but not on a header value that a server made a list', () => {
    const headers = [...requestSignedWith([newSecret]).headers, ['set-cookie', ['a', 'b']]];
    expect(outcomeOf(untyped({ headers }))).toBe('ok');
    expect(outcomeOf(untyped({ headers: headers.map(([name, value]) => [name, [value]]) }))).toBe('header_malformed');
  });
});

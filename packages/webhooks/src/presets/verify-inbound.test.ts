import { describe, expect, spyOn, test } from 'bun:test';
import * as nodeCrypto from 'node:crypto';
import { inboundPresets } from './inbound-presets.ts';
import { inboundRefusalCodes, type InboundRefusalCode } from './inbound-refusal.ts';
import { messagePreset as preset } from './testing/message-preset.ts';
import { signInbound } from './testing/sign-inbound.ts';
import { verifyInbound, type VerifyInboundInput } from './verify-inbound.ts';

const newSecret = `key-${'01'.repeat(16)}`;
const oldSecret = `key-${'02'.repeat(16)}`;
const otherSecret = `key-${'03'.repeat(16)}`;
const nowSeconds = 1_700_000_000;
const rawBody = bytesOf('{"event":{"id":"evt_1"}}');
const caller = { url: 'https://ingest.example/in/1', method: 'POST' };

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function requestSignedWith(
  secrets: readonly string[],
  { timestamp = `${nowSeconds}000`, body = rawBody } = {},
): VerifyInboundInput {
  const headers = signInbound({ preset, secrets, timestamp, rawBody: body, ...caller });
  return { preset, secrets, headers, rawBody: body, nowSeconds, ...caller };
}

function outcomeOf(input: VerifyInboundInput): 'ok' | InboundRefusalCode {
  const result = verifyInbound(input);
  return result.ok ? 'ok' : result.code;
}

/** Values that the types rule out still arrive from plain JavaScript. */
function untyped(input: Record<string, unknown>): VerifyInboundInput {
  return { ...requestSignedWith([newSecret]), ...input } as unknown as VerifyInboundInput;
}

describe('the window', () => {
  test('includes both edges, and milliseconds are cut to seconds', () => {
    const at = (timestamp: string) => outcomeOf(requestSignedWith([newSecret], { timestamp }));
    expect(at(`${nowSeconds - 61}999`)).toBe('timestamp_too_old');
    expect(at(`${nowSeconds - 60}000`)).toBe('ok');
    expect(at(`${nowSeconds + 60}999`)).toBe('ok');
    expect(at(`${nowSeconds + 61}000`)).toBe('timestamp_too_new');
  });

  for (const timestamp of [
    '',
    '0',
    '999',
    '0017',
    ' 1700000000000',
    '1700000000000 ',
    '+17',
    '1e12',
    '1700000000.000',
  ]) {
    test(`has no place for the timestamp «${timestamp}»`, () => {
      expect(outcomeOf(requestSignedWith([newSecret], { timestamp }))).toBe(
        timestamp === '' ? 'header_malformed' : 'timestamp_malformed',
      );
    });
  }
});

describe('rotation', () => {
  test('any live secret is accepted, and the result says which', () => {
    const secrets = [newSecret, oldSecret];
    expect(verifyInbound({ ...requestSignedWith([newSecret]), secrets })).toMatchObject({ ok: true, secretIndex: 0 });
    expect(verifyInbound({ ...requestSignedWith([oldSecret]), secrets })).toMatchObject({ ok: true, secretIndex: 1 });
    expect(outcomeOf({ ...requestSignedWith([otherSecret]), secrets })).toBe('signature_mismatch');
  });

  test('a sender with two secrets reaches a receiver who knows either', () => {
    const sender = requestSignedWith([newSecret, oldSecret]);
    expect(outcomeOf({ ...sender, secrets: [oldSecret] })).toBe('ok');
    expect(outcomeOf({ ...sender, secrets: [otherSecret] })).toBe('signature_mismatch');
  });
});

describe('what a verified request proves', () => {
  test('the id of the body, the time, and the digest of all that was signed', () => {
    const signed = `test:POST:${caller.url}:${nowSeconds}000:{"event":{"id":"evt_1"}}`;
    expect(verifyInbound(requestSignedWith([newSecret]))).toEqual({
      ok: true,
      providerMessageId: 'evt_1',
      messageIdIsSigned: true,
      signedContentSha256: nodeCrypto.createHash('sha256').update(signed).digest('hex'),
      signedAtSeconds: nowSeconds,
      secretIndex: 0,
    });
  });

  test('under another unsigned id the digest stays the same', () => {
    const { github } = inboundPresets;
    const secrets = ['a secret of github'];
    const verify = (messageId: string) => {
      const headers = signInbound({ preset: github, secrets, messageId, rawBody });
      return verifyInbound({ preset: github, secrets, headers, rawBody, nowSeconds });
    };
    const [first, replayed] = [verify('1'), verify('2')];
    if (!first.ok || !replayed.ok) throw new Error('A genuine request was refused.');
    expect([first.messageIdIsSigned, replayed.providerMessageId]).toEqual([false, '2']);
    expect(replayed.signedContentSha256).toBe(first.signedContentSha256);
  });

  test('without an id the digest stands in for it', () => {
    const idless = { ...preset, messageId: { source: 'signed-content' } } as const;
    const result = verifyInbound({ ...requestSignedWith([newSecret]), preset: idless });
    if (!result.ok) throw new Error('A genuine request was refused.');
    expect(result.providerMessageId).toBe(result.signedContentSha256);
  });

  test('another address or method is another message', () => {
    const request = requestSignedWith([newSecret]);
    expect(outcomeOf({ ...request, url: `${caller.url}/` })).toBe('signature_mismatch');
    expect(outcomeOf({ ...request, method: 'PUT' })).toBe('signature_mismatch');
  });
});

describe('a Headers object', () => {
  const request = requestSignedWith([newSecret]);

  test('is accepted', () => {
    expect(
      outcomeOf({ ...request, headers: new Headers([...request.headers].map(([name, value]) => [name, value])) }),
    ).toBe('ok');
  });

  for (const name of ['x-test-time', 'x-test-signature']) {
    test(`with ${name} twice is refused, merged or not`, () => {
      const pairs = [...request.headers].map(([key, value]): [string, string] => [key, value]);
      const repeated = pairs.find(([key]) => key === name);
      if (repeated === undefined) throw new Error(`${name} is not signed.`);
      expect(outcomeOf({ ...request, headers: new Headers([...pairs, repeated]) })).toBe('header_duplicate');
      expect(outcomeOf({ ...request, headers: [...pairs, [name.toUpperCase(), repeated[1]]] })).toBe(
        'header_duplicate',
      );
    });
  }

  test('a name is compared by ASCII case only', () => {
    const pairs = [...request.headers].map(([name, value]) => [name.replace('s', '\u017F'), value] as const);
    expect(outcomeOf({ ...request, headers: pairs })).toBe('header_missing');
  });
});

describe('several defects at once', () => {
  const tooLarge = bytesOf(`{"event":{"id":"evt_1"}}${' '.repeat(64)}`);

  /** Each code has one defect of its own; the defects do not undo each other. */
  function requestWith(defects: ReadonlySet<InboundRefusalCode>): VerifyInboundInput {
    const has = (code: InboundRefusalCode) => defects.has(code);
    let body = rawBody;
    if (has('message_id_unreadable')) body = bytesOf('{"event":{}}');
    if (has('body_too_large')) body = tooLarge;
    if (has('body_empty')) body = new Uint8Array();

    let timestamp = `${nowSeconds}000`;
    if (has('timestamp_too_new')) timestamp = `${nowSeconds + 61}000`;
    if (has('timestamp_too_old')) timestamp = `${nowSeconds - 61}000`;
    if (has('timestamp_malformed')) timestamp = `0${timestamp}`;

    const [, signed] = signInbound({ preset, secrets: [newSecret], timestamp, rawBody: body, ...caller });
    let entries = [signed?.[1] ?? ''];
    if (has('signature_mismatch')) entries = [`s1:${'0'.repeat(64)}`];
    if (has('no_supported_signature')) entries = entries.map((entry) => entry.replace('s1:', 's2:'));
    if (has('signature_malformed')) entries.push('junk');
    if (has('header_too_large')) entries.push(...Array.from({ length: 16 }, () => 's2:00'));
    const signature = has('header_malformed') ? `${entries.join(';')}\u00E9` : entries.join(';');

    const headers: [string, string][] = [['x-test-signature', signature]];
    if (has('header_duplicate')) headers.push(['x-test-signature', signature]);
    if (!has('header_missing')) headers.push(['x-test-time', timestamp]);
    return { preset, secrets: [newSecret], headers, rawBody: body, nowSeconds, ...caller };
  }

  test('are refused with the code that stands first, in all combinations', () => {
    let combinations = 0;
    for (let bits = 0; bits < 2 ** inboundRefusalCodes.length; bits += 1) {
      const defects = inboundRefusalCodes.filter((_, index) => (bits & (1 << index)) !== 0);
      // A body cannot be empty and too large, and one of the two sizes decides.
      if (defects.includes('body_empty') && defects.includes('body_too_large')) continue;
      expect(outcomeOf(requestWith(new Set(defects)))).toBe(defects[0] ?? 'ok');
      combinations += 1;
    }
    expect(combinations).toBe(8192 - 2048);
  });

  test('each refusal costs an HMAC for each secret and a comparison for each pair', () => {
    const secrets = [newSecret, oldSecret, otherSecret];
    const outcomes = inboundRefusalCodes.map((code) => {
      const createHmac = spyOn(nodeCrypto, 'createHmac');
      const timingSafeEqual = spyOn(nodeCrypto, 'timingSafeEqual');
      try {
        const request = requestWith(new Set([code]));
        createHmac.mockClear();
        const outcome = outcomeOf({ ...request, secrets });
        return { outcome, macs: createHmac.mock.calls.length, comparisons: timingSafeEqual.mock.calls.length };
      } finally {
        createHmac.mockRestore();
        timingSafeEqual.mockRestore();
      }
    });
    expect(outcomes).toEqual(inboundRefusalCodes.map((outcome) => ({ outcome, macs: 3, comparisons: 3 })));
  });

  test('no refusal quotes the request', () => {
    const quoted = 'INJECTED';
    for (const name of ['x-test-time', 'x-test-signature']) {
      const headers = [...requestSignedWith([newSecret]).headers].map(
        ([key, value]) => [key, key === name ? quoted : value] as const,
      );
      const result = verifyInbound({ ...requestSignedWith([newSecret]), headers });
      expect(result.ok).toBe(false);
      expect(JSON.stringify(result)).not.toContain(quoted);
    }
  });
});

describe('verifyInbound throws on a bug of the caller', () => {
  const { url: _, ...withoutUrl } = requestSignedWith([newSecret]);
  const cases: readonly (readonly [string, VerifyInboundInput, string])[] = [
    ['no secrets', untyped({ secrets: [] }), '1 to 8'],
    ['nine secrets', untyped({ secrets: Array.from({ length: 9 }, () => newSecret) }), '1 to 8'],
    ['a short secret behind a good one', untyped({ secrets: [newSecret, 'key-00'] }), 'Secret 1 of test-provider'],
    ['body as text', untyped({ rawBody: '{}' }), 'raw bytes'],
    ['now not a number', untyped({ nowSeconds: Number.NaN }), 'current time'],
    ['now with a fraction', untyped({ nowSeconds: 0.5 }), 'current time'],
    ['no address', withoutUrl, 'signs the address'],
    ['a method in lower case', untyped({ method: 'post' }), 'signs the method'],
  ];
  for (const [name, input, text] of cases) {
    test(name, () => {
      expect(() => verifyInbound(input)).toThrow(text);
    });
  }

  test('but not on a header value that a server made a list', () => {
    const { headers } = requestSignedWith([newSecret]);
    expect(outcomeOf(untyped({ headers: [...headers, ['set-cookie', ['a', 'b']]] }))).toBe('ok');
    const lists = [...headers].map(([name, value]) => [name, [value]]);
    expect(outcomeOf(untyped({ headers: lists }))).toBe('header_malformed');
  });
});

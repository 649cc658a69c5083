import { describe, expect, test } from 'bun:test';
import { configureGenericHmac } from './configure-generic-hmac.ts';
import { inboundPresetRules } from './inbound-preset-rules.ts';
import type { InboundPreset } from './inbound-preset.ts';
import { inboundPresets } from './inbound-presets.ts';
import { parseInboundPreset } from './parse-inbound-preset.ts';
import { messagePreset } from './testing/message-preset.ts';
import { signInbound } from './testing/sign-inbound.ts';
import { verifyInbound } from './verify-inbound.ts';

function problemsOf(description: unknown): readonly string[] {
  const parsed = parseInboundPreset(description);
  return parsed.ok ? [] : parsed.problems;
}

describe('our presets', () => {
  for (const [name, preset] of Object.entries(inboundPresets)) {
    test(`${name} is coherent, and survives JSON`, () => {
      expect(preset.name).toBe(name);
      expect(parseInboundPreset(JSON.parse(JSON.stringify(preset)))).toEqual({ ok: true, preset });
    });
  }

  test('none signs with SHA-1, and all that sign no time watch the content', () => {
    const presets: readonly InboundPreset[] = Object.values(inboundPresets);
    expect(presets.length).toBe(7);
    expect(new Set(presets.map(({ algorithm }) => algorithm))).toEqual(new Set(['hmac-sha256']));
    const unsignedIds = presets.filter(
      ({ messageId, signedContent }) =>
        messageId.source === 'header' && !signedContent.some(({ part }) => part === 'id'),
    );
    expect(unsignedIds.map(({ name }) => name)).toEqual(['shopify', 'github']);
    expect(unsignedIds.every(({ claims }) => claims.repeatedContent === 'quarantine')).toBe(true);
  });
});

describe('a description is refused', () => {
  const { timestamp: _, ...timeless } = messagePreset;
  const cases: readonly (readonly [string, unknown, string])[] = [
    ['that is nothing', undefined, 'Expected Object'],
    ['with SHA-1', { ...messagePreset, algorithm: 'hmac-sha1' }, 'algorithm'],
    ['with an unknown field', { ...messagePreset, jwks: 'x' }, 'jwks'],
    ['with a header in upper case', withSignature({ header: 'X-Test' }), 'signature.header'],
    [
      'with secrets of a byte',
      { ...messagePreset, secret: { ...messagePreset.secret, minBytes: 1 } },
      'secret.minBytes',
    ],
    ['without the body', { ...messagePreset, signedContent: [{ part: 'timestamp' }] }, 'has the body once'],
    [
      'whose parts touch',
      { ...messagePreset, signedContent: [{ part: 'timestamp' }, { part: 'body' }] },
      'Between two parts',
    ],
    [
      'whose parts are parted by a letter',
      { ...messagePreset, signedContent: [{ part: 'timestamp' }, { part: 'text', text: 'x' }, { part: 'body' }] },
      'Between two parts',
    ],
    ['whose time is signed but not declared', timeless, 'A timestamp is declared'],
    [
      'whose time is signed but not judged',
      { ...messagePreset, replay: { policy: 'claims' } },
      'A timestamp is declared',
    ],
    [
      'that signs an id of the body',
      {
        ...messagePreset,
        signedContent: [{ part: 'id' }, { part: 'text', text: '.' }, ...messagePreset.signedContent.slice(1)],
      },
      'A signed id comes from a header',
    ],
    [
      'whose timestamp has the tag of the signature',
      { ...messagePreset, timestamp: { source: 'signature', tag: 's1', unit: 'seconds' } },
      'needs a tagged list',
    ],
    [
      'with one separator for two things',
      withSignature({ entrySeparator: ',', tagSeparator: ',' }),
      'different characters',
    ],
    ['with two roles for a header', withSignature({ header: 'x-test-time' }), 'one role'],
    [
      'that forgets ids before the last retry',
      { ...messagePreset, claims: { ...messagePreset.claims, retentionSeconds: 86_520 } },
      'Claims are kept',
    ],
    [
      'with no size of a secret',
      { ...messagePreset, secret: { ...messagePreset.secret, maxBytes: 15 } },
      'no bytes between',
    ],
  ];

  function withSignature(change: object): unknown {
    return { ...messagePreset, signature: { ...messagePreset.signature, ...change } };
  }

  for (const [name, description, problem] of cases) {
    test(name, () => {
      expect(problemsOf(description).join(' ')).toContain(problem);
    });
  }

  test('by each rule at least once', () => {
    const problems = new Set(cases.flatMap(([, description]) => problemsOf(description)));
    expect(inboundPresetRules.filter(({ problem }) => !problems.has(problem))).toEqual([]);
  });

  test('with at most ten problems', () => {
    expect(problemsOf({}).length).toBe(10);
  });
});

describe('a generic HMAC', () => {
  const rawBody = new TextEncoder().encode('anything');

  test('needs no settings', () => {
    const configured = configureGenericHmac({});
    if (!configured.ok) throw new Error(configured.problems.join(' '));
    const { preset } = configured;
    const secrets = ['sixteen or more bytes'];
    const headers = signInbound({ preset, secrets, rawBody });
    expect(headers).toEqual([['x-signature', expect.stringMatching(/^[0-9a-f]{64}$/)]]);
    expect(verifyInbound({ preset, secrets, headers, rawBody, nowSeconds: 0 }).ok).toBe(true);
  });

  test('takes another scheme as settings, such as that of Slack', () => {
    const configured = configureGenericHmac({
      name: 'slack',
      signature: { form: 'single', header: 'x-slack-signature', encoding: 'hex', prefix: 'v0=' },
      signedContent: [
        { part: 'text', text: 'v0:' },
        { part: 'timestamp' },
        { part: 'text', text: ':' },
        { part: 'body' },
      ],
      timestamp: { source: 'header', header: 'x-slack-request-timestamp', unit: 'seconds' },
      replay: { policy: 'window', toleranceSeconds: 300 },
    });
    if (!configured.ok) throw new Error(configured.problems.join(' '));
    // The example of docs.slack.dev, "Verifying requests from Slack".
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V' +
      '&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=' +
      '&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN' +
      '&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    const result = verifyInbound({
      preset: configured.preset,
      secrets: ['8f742231b10e8888abcd99yyyzzz85a5'],
      headers: [
        ['X-Slack-Request-Timestamp', '1531420618'],
        ['X-Slack-Signature', 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503'],
      ],
      rawBody: new TextEncoder().encode(body),
      nowSeconds: 1_531_420_618,
    });
    expect(result).toMatchObject({ ok: true, signedAtSeconds: 1_531_420_618 });
  });

  test('refuses settings that are no object, or not coherent', () => {
    for (const settings of [null, 'x', [], 1]) expect(configureGenericHmac(settings).ok).toBe(false);
    expect(configureGenericHmac({ replay: { policy: 'window', toleranceSeconds: 300 } }).ok).toBe(false);
  });
});

import { describe, expect, test } from 'bun:test';
import { inboundPresets } from './inbound-presets.ts';
import { inboundSecretRefusalCodes, parseInboundSecret } from './inbound-secret.ts';
import { messagePreset } from './testing/message-preset.ts';

const { github, karmanflow } = inboundPresets;

describe('a secret', () => {
  const accepted = [
    ['hex behind a prefix', messagePreset, `key-${'0a'.repeat(16)}`, '0a'.repeat(16)],
    [
      'base64 behind a prefix',
      karmanflow,
      'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX',
      '000102030405060708090a0b0c0d0e0f1011121314151617',
    ],
    ['text as its bytes', github, 'pässword', '70c3a47373776f7264'],
  ] as const;
  for (const [name, preset, text, keyHex] of accepted) {
    test(`is ${name}`, () => {
      const parsed = parseInboundSecret({ preset, text });
      if (!parsed.ok) throw new Error(parsed.code);
      expect(Buffer.from(parsed.key).toString('hex')).toBe(keyHex);
    });
  }

  const refused = [
    [messagePreset, '0a'.repeat(16), 'secret_prefix_missing'],
    [messagePreset, `key-${'0a'.repeat(33)}`, 'secret_too_long'],
    [messagePreset, `key-${'0A'.repeat(16)}`, 'secret_malformed'],
    [messagePreset, `key-${'0a'.repeat(15)}`, 'secret_too_short'],
    [messagePreset, 'key-', 'secret_too_short'],
    [karmanflow, 'whsec_', 'secret_too_short'],
    [karmanflow, 'whsec_AA', 'secret_malformed'],
    [karmanflow, `whsec_${'A'.repeat(88)}`, 'secret_too_long'],
    [github, ' a secret of github', 'secret_malformed'],
    [github, 'a secret of github\n', 'secret_malformed'],
    [github, 'a secret \uD800', 'secret_malformed'],
    [github, '', 'secret_too_short'],
    [github, 'a'.repeat(256), 'secret_too_long'],
  ] as const;
  for (const [preset, text, code] of refused) {
    test(`of ${preset.name} is refused: ${code}, ${text.length} characters`, () => {
      const parsed = parseInboundSecret({ preset, text });
      expect(parsed).toMatchObject({ ok: false, code });
      if (text.length > 8) expect(JSON.stringify(parsed)).not.toContain(text);
    });
  }

  test('has a case for each code', () => {
    expect(new Set<string>(refused.map(([, , code]) => code))).toEqual(new Set(inboundSecretRefusalCodes));
  });
});

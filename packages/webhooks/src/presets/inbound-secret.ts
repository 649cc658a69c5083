import { decodeCanonicalBase64 } from '../canonical-base64.ts';
import { inboundLimits } from './inbound-limits.ts';
import type { InboundPreset } from './inbound-preset.ts';

/** Why a text is no secret of a preset: a closed list in order of precedence. */
export const inboundSecretRefusalCodes = [
  'secret_prefix_missing',
  'secret_too_long',
  'secret_malformed',
  'secret_too_short',
] as const;

export type InboundSecretRefusalCode = (typeof inboundSecretRefusalCodes)[number];

/** `key` is the HMAC key. `publicMessage` never repeats the text that was refused. */
export type InboundSecretParse =
  | { readonly ok: true; readonly key: Uint8Array }
  | { readonly ok: false; readonly code: InboundSecretRefusalCode; readonly publicMessage: string };

/** No encoding of ours takes more than two characters for a byte. */
const charactersPerByteMax = 2;

/** Reads a secret the way the preset says. Each key has one spelling, so that a pasted blank is not a new secret. */
export function parseInboundSecret(input: {
  readonly preset: InboundPreset;
  readonly text: string;
}): InboundSecretParse {
  const { prefix, encoding, minBytes, maxBytes } = input.preset.secret;
  if (!input.text.startsWith(prefix)) {
    return { ok: false, code: 'secret_prefix_missing', publicMessage: `A secret starts with ${prefix}.` };
  }
  const tooLong = {
    ok: false,
    code: 'secret_too_long',
    publicMessage: `A secret has at most ${maxBytes} bytes.`,
  } as const;
  const encoded = input.text.slice(prefix.length);
  // Judged before decoding, so that a long text costs nothing.
  if (encoded.length > maxBytes * charactersPerByteMax) return tooLong;
  const key = decoders[encoding](encoded);
  if (key === undefined) {
    return {
      ok: false,
      code: 'secret_malformed',
      publicMessage: `A secret is ${encoding} without surrounding blanks.`,
    };
  }
  if (key.length > maxBytes) return tooLong;
  if (key.length < minBytes) {
    return { ok: false, code: 'secret_too_short', publicMessage: `A secret has at least ${minBytes} bytes.` };
  }
  return { ok: true, key };
}

/** An empty text decodes to no bytes, so that every encoding calls it too short. */
const decoders: Readonly<Record<InboundPreset['secret']['encoding'], (text: string) => Uint8Array | undefined>> = {
  utf8: (text) => (text.isWellFormed() && text.trim() === text ? new TextEncoder().encode(text) : undefined),
  base64: (text) => (text === '' ? new Uint8Array() : decodeCanonicalBase64(text)),
  hex: (text) => (/^(?:[0-9a-f]{2})*$/.test(text) ? new Uint8Array(Buffer.from(text, 'hex')) : undefined),
};

/**
 * The HMAC keys of a source's live secrets, in their order. Secrets come from our own store, never from a request, so
 * a list that is empty, too long or has an invalid secret throws a TypeError. Its message never shows the secret.
 */
export function requireInboundKeys(input: {
  readonly preset: InboundPreset;
  readonly secrets: readonly string[];
}): readonly Uint8Array[] {
  const { preset, secrets } = input;
  if (!Array.isArray(secrets) || secrets.length === 0 || secrets.length > inboundLimits.secretsMax) {
    throw new TypeError(`Pass a list of 1 to ${inboundLimits.secretsMax} secrets of the source.`);
  }
  return secrets.map((text, index) => {
    const parsed = parseInboundSecret({ preset, text });
    if (!parsed.ok) throw new TypeError(`Secret ${index} of ${preset.name}: ${parsed.code}. ${parsed.publicMessage}`);
    return parsed.key;
  });
}

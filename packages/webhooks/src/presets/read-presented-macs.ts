import { decodeCanonicalBase64 } from '../canonical-base64.ts';
import type { InboundPreset } from './inbound-preset.ts';
import { refuseInbound, type InboundRefusal } from './inbound-refusal.ts';

/** `macs` has 32 bytes for each signature that counts. */
type PresentedMacs = { readonly ok: true; readonly macs: readonly Uint8Array[] } | InboundRefusal;

const tagPattern = /^[a-z][0-9a-z_]{0,15}$/;

/**
 * Reads the signature header. Each signature has one spelling: lower-case hex, or canonical base64 (RFC 4648). Of a
 * tagged list only the entries with the preset's tag count, but one entry that is not well formed refuses all.
 */
export function readPresentedMacs(input: {
  readonly preset: InboundPreset;
  readonly signature: string;
}): PresentedMacs {
  const { signature } = input.preset;
  if (signature.form === 'single') {
    const mac = input.signature.startsWith(signature.prefix)
      ? decoders[signature.encoding](input.signature.slice(signature.prefix.length))
      : undefined;
    return mac === undefined ? malformed(signature.header) : { ok: true, macs: [mac] };
  }
  const macs: Uint8Array[] = [];
  for (const entry of readTaggedEntries(input)) {
    if (entry === undefined) return malformed(signature.header);
    if (entry.tag !== signature.tag) continue;
    const mac = decoders[signature.encoding](entry.value);
    if (mac === undefined) return malformed(signature.header);
    macs.push(mac);
  }
  if (macs.length === 0) {
    return refuseInbound('no_supported_signature', `${signature.header} has no entry of version ${signature.tag}.`);
  }
  return { ok: true, macs };
}

/** The values of one tag in the order of the list. Entries that are not well formed have no tag. */
export function readTaggedValues(input: {
  readonly preset: InboundPreset;
  readonly signature: string;
  readonly tag: string;
}): readonly string[] {
  return readTaggedEntries(input).flatMap((entry) => (entry?.tag === input.tag ? [entry.value] : []));
}

function readTaggedEntries(input: { readonly preset: InboundPreset; readonly signature: string }) {
  const { signature } = input.preset;
  if (signature.form !== 'tagged') return [];
  return input.signature.split(signature.entrySeparator).map((entry) => {
    const end = entry.indexOf(signature.tagSeparator);
    const tag = entry.slice(0, Math.max(end, 0));
    const value = entry.slice(end + 1);
    return tagPattern.test(tag) && value !== '' ? { tag, value } : undefined;
  });
}

const decoders = {
  hex: (text: string) => (/^[0-9a-f]{64}$/.test(text) ? new Uint8Array(Buffer.from(text, 'hex')) : undefined),
  base64: (text: string) => (/^[A-Za-z0-9+/]{43}=$/.test(text) ? decodeCanonicalBase64(text) : undefined),
} as const;

function malformed(header: string): InboundRefusal {
  return refuseInbound('signature_malformed', `${header} is not of the form that the provider writes.`);
}

import { decodeCanonicalBase64 } from './canonical-base64.ts';
import type { WebhookRefusal } from './webhook-refusal.ts';

/** v1 is HMAC-SHA256 with 32 bytes, v1a is Ed25519 with 64. */
export type SignatureVersion = 'v1' | 'v1a';

const entryPattern = /^v[0-9a-z]+,[A-Za-z0-9+/]+={0,2}$/;
const entryPatterns: Readonly<Record<SignatureVersion, RegExp>> = {
  v1: /^v1,[A-Za-z0-9+/]{43}=$/,
  v1a: /^v1a,[A-Za-z0-9+/]{86}==$/,
};

/**
 * Reads `webhook-signature`: entries of `version,base64` separated by single spaces. Returns the bytes of each entry of the
 * wanted version and skips others, but refuses the whole list when any entry is not well formed.
 * Base64 must be canonical: else one signature would have several spellings.
 */
export function readSignatureList(
  text: string,
  version: SignatureVersion,
): { readonly ok: true; readonly signatures: readonly Uint8Array[] } | WebhookRefusal {
  const signatures: Uint8Array[] = [];
  for (const entry of text.split(' ')) {
    const isWanted = entry.startsWith(`${version},`);
    const pattern = isWanted ? entryPatterns[version] : entryPattern;
    const bytes = pattern.test(entry) ? decodeCanonicalBase64(entry.slice(entry.indexOf(',') + 1)) : undefined;
    if (bytes === undefined) {
      const detail = 'An entry of the signature list is not a version, a comma and canonical base64.';
      return { ok: false, code: 'signature_malformed', detail };
    }
    if (isWanted) signatures.push(bytes);
  }
  if (signatures.length === 0) {
    const detail = `The signature list has no entry of version ${version}.`;
    return { ok: false, code: 'no_supported_signature', detail };
  }
  return { ok: true, signatures };
}

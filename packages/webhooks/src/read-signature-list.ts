import { decodeCanonicalBase64 } from './canonical-base64.ts';
import type { WebhookRefusal } from './webhook-refusal.ts';

const entryPattern = /^v[0-9a-z]+,[A-Za-z0-9+/]+={0,2}$/;
const v1EntryPattern = /^v1,[A-Za-z0-9+/]{43}=$/;

/**
 * Reads `webhook-signature`: entries of `version,base64` separated by single spaces. Returns the 32 bytes of each v1
 * entry and skips other versions, such as v1a, but refuses the whole list when any entry is not well formed.
 * Base64 must be canonical: else one signature would have several spellings.
 */
export function readSignatureList(
  text: string,
): { readonly ok: true; readonly macs: readonly Uint8Array[] } | WebhookRefusal {
  const macs: Uint8Array[] = [];
  for (const entry of text.split(' ')) {
    const isV1 = entry.startsWith('v1,');
    const pattern = isV1 ? v1EntryPattern : entryPattern;
    const bytes = pattern.test(entry) ? decodeCanonicalBase64(entry.slice(entry.indexOf(',') + 1)) : undefined;
    if (bytes === undefined) {
      const detail = 'An entry of the signature list is not a version, a comma and canonical base64.';
      return { ok: false, code: 'signature_malformed', detail };
    }
    if (isV1) macs.push(bytes);
  }
  if (macs.length === 0) {
    return { ok: false, code: 'no_supported_signature', detail: 'The signature list has no entry of version v1.' };
  }
  return { ok: true, macs };
}

import { createHash, createHmac } from 'node:crypto';
import type { InboundPreset } from './inbound-preset.ts';

/** What was signed, piece by piece, so that a large body is not copied to be joined with a few characters. */
export type SignedContent = readonly (string | Uint8Array)[];

export interface SignedContentValues {
  readonly messageId: string;
  readonly timestamp: string;
  readonly url: string;
  readonly method: string;
  readonly body: Uint8Array;
}

/** Fills in the preset's template. The body goes in as bytes: as text, different bytes could share a signature. */
export function buildSignedContent(preset: InboundPreset, values: SignedContentValues): SignedContent {
  return preset.signedContent.map((part) => {
    if (part.part === 'text') return part.text;
    if (part.part === 'id') return values.messageId;
    return values[part.part];
  });
}

/** The 32 bytes of HMAC-SHA256 (RFC 2104) over the pieces. */
export function computeContentMac(key: Uint8Array, content: SignedContent): Uint8Array {
  const mac = createHmac('sha256', key);
  for (const piece of content) mac.update(piece);
  return mac.digest();
}

/** SHA-256 over the pieces, as 64 lower-case hex digits. */
export function digestContent(content: SignedContent): string {
  const hash = createHash('sha256');
  for (const piece of content) hash.update(piece);
  return hash.digest('hex');
}

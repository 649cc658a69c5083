import { decodeBase64, encodeBase64 } from './log/base64.ts';

/** Base64 for addresses, without padding (RFC 4648 section 5). */
export function encodeBase64url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The bytes of base64url without padding, or undefined. One byte string has one text: spare bits must be right. */
export function decodeBase64url(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return undefined;
  const padding = '='.repeat((4 - (text.length % 4)) % 4);
  return decodeBase64(`${text.replaceAll('-', '+').replaceAll('_', '/')}${padding}`);
}

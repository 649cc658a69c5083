/**
 * Decodes standard base64 (RFC 4648 section 4) that is in its one canonical form: this alphabet, padded, with zero
 * trailing bits. Returns undefined for any other text and for the empty text.
 */
export function decodeCanonicalBase64(text: string): Uint8Array | undefined {
  if (text.length === 0) return undefined;
  // Node's decoder skips what it does not know, so only a round trip shows that nothing was skipped.
  const decoded = Buffer.from(text, 'base64');
  if (decoded.toString('base64') !== text) return undefined;
  // A copy, because a small Buffer is a view of memory that it shares with other values.
  return new Uint8Array(decoded);
}

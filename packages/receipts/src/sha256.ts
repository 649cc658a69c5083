import { hash } from 'node:crypto';

/** A SHA-256 digest as text: `sha256:` and 64 lower-case hexadecimal digits. */
export type HashString = `sha256:${string}`;

/** The SHA-256 digest (FIPS 180-4), 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(hash('sha256', bytes, 'buffer'));
}

/** The SHA-256 digest as 64 lower-case hexadecimal digits. */
export function sha256Hex(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

/** The SHA-256 digest in the form that receipts carry. */
export function hashString(bytes: Uint8Array): HashString {
  return `sha256:${sha256Hex(bytes)}`;
}

/** The hash of an event, as receipts list it: that of the event's RFC 8785 canonical bytes. */
export function eventHash(canonicalEventBytes: Uint8Array): HashString {
  return hashString(canonicalEventBytes);
}

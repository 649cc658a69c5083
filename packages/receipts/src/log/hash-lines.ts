import { decodeBase64, encodeBase64 } from './base64.ts';
import { isHash } from './is-hash.ts';
import { proofHashesMax } from './log-limits.ts';

/** Hashes as text: each in base64 on a line of its own. */
export function formatHashLines(hashes: readonly Uint8Array[]): string {
  return hashes.map((hash) => `${encodeBase64(hash)}\n`).join('');
}

/** The hashes on lines of base64, without their newlines; undefined for more than `proofHashesMax` or a malformed one. */
export function parseHashLines(lines: readonly string[]): readonly Uint8Array[] | undefined {
  if (lines.length > proofHashesMax) return undefined;
  const hashes = lines.map(decodeBase64);
  return hashes.every(isHash) ? hashes : undefined;
}

import canonicalize from 'canonicalize';
import { findJsonFault, type JsonBudget } from './find-json-fault.ts';
import { detailLengthMax } from './limits.ts';
import type { JsonValue } from './json-value.ts';

export type BoundedCanonicalBytes =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly code: 'too_large' | 'not_json'; readonly detail: string };

const encoder = new TextEncoder();

/**
 * The RFC 8785 (JCS) canonical form of `value`, as UTF-8.
 *
 * Throws TypeError for what JSON would silently lose or change (`findJsonFault` has the list): such a value never
 * reaches a hash or a signature, so it is a bug in the caller. Negative zero becomes `0`, as RFC 8785 says.
 */
export function canonicalBytes(value: JsonValue): Uint8Array {
  const budget = { bytesLeft: Number.POSITIVE_INFINITY, inOrder: true };
  const fault = findJsonFault(value, budget);
  if (fault !== null) throw new TypeError(`no canonical form: ${shorten(`value${fault}`)}`);
  return encode(value, budget);
}

/**
 * `canonicalBytes` for input that may be hostile: returns what is wrong, never throws, and stops reading soon after
 * `bytesMax` bytes.
 */
export function canonicalBytesWithin(input: {
  readonly value: unknown;
  readonly bytesMax: number;
}): BoundedCanonicalBytes {
  // Reading a value that is not inert data (a proxy, a getter) can run code, and that code can throw.
  try {
    return readWithin(input.value, input.bytesMax);
  } catch {
    return { ok: false, code: 'not_json', detail: 'cannot be read as JSON' };
  }
}

function readWithin(value: unknown, bytesMax: number): BoundedCanonicalBytes {
  const budget = { bytesLeft: bytesMax, inOrder: true };
  const fault = findJsonFault(value, budget);
  const tooLarge = { ok: false, code: 'too_large', detail: `more than ${bytesMax} canonical bytes` } as const;
  if (budget.bytesLeft < 0) return tooLarge;
  if (fault !== null) return { ok: false, code: 'not_json', detail: shorten(`value${fault}`) };
  const bytes = encode(value, budget);
  return bytes.length > bytesMax ? tooLarge : { ok: true, bytes };
}

// The path comes from the input, so it may be long or ill-formed; what is wrong stands at the end.
function shorten(detail: string): string {
  if (detail.length <= detailLengthMax) return detail.toWellFormed();
  const half = detailLengthMax / 2;
  return `${detail.slice(0, half - 1)}\u2026${detail.slice(-half)}`.toWellFormed();
}

/**
 * RFC 8785 takes numbers and strings as ECMAScript serialises them, so a value without faults whose members are in order
 * is canonical as JSON.stringify writes it, in a tenth of the time. Anything else goes through `canonicalize`.
 */
function encode(value: unknown, { inOrder }: JsonBudget): Uint8Array {
  const text = inOrder ? JSON.stringify(value) : canonicalize(value);
  if (text === undefined) throw new TypeError('no canonical form');
  return encoder.encode(text);
}

import { createHash } from 'node:crypto';
import type { Scope } from '@karmanflow/schema';

/** A place in the stream of one environment as text, opaque to callers. */
export type StreamCursor = string;

export type CursorReading =
  | { readonly ok: true; readonly seq: number }
  | { readonly ok: false; readonly code: 'malformed' | 'elsewhere' };

/** The digit is the version of what follows, so that another form can come one day. */
const prefix = 'evc1_';
const seqBytes = 8;
const tagBytes = 8;

/** Which texts can be a cursor at all, for descriptions of an interface. */
export const streamCursorPattern: RegExp = /^evc1_[A-Za-z0-9_-]{22}$/;

/**
 * The cursor that stands after position `seq` of an environment. It is made of the position and of nothing that Postgres
 * gives out anew when a dump is restored, and says for which environment it is.
 */
export function formatCursor(scope: Scope, seq: number): StreamCursor {
  const bytes = new Uint8Array(seqBytes + tagBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(seq));
  bytes.set(tagOf(scope), seqBytes);
  return textOf(bytes);
}

/** The position of a cursor. It is refused when it is none, and when it was given out in another environment. */
export function readCursor(scope: Scope, text: string): CursorReading {
  if (!streamCursorPattern.test(text)) return { ok: false, code: 'malformed' };
  const bytes = Uint8Array.fromBase64(text.slice(prefix.length), { alphabet: 'base64url' });
  const seq = new DataView(bytes.buffer).getBigUint64(0);
  // The last character has bits to spare: only the form in which it was given out counts.
  if (textOf(bytes) !== text || seq > Number.MAX_SAFE_INTEGER) return { ok: false, code: 'malformed' };
  if (!tagOf(scope).equals(bytes.subarray(seqBytes))) return { ok: false, code: 'elsewhere' };
  return { ok: true, seq: Number(seq) };
}

function textOf(bytes: Uint8Array): StreamCursor {
  return `${prefix}${bytes.toBase64({ alphabet: 'base64url', omitPadding: true })}`;
}

/** Not a secret: it tells environments apart, and what may be read is decided by the credential. */
function tagOf({ tenantId, environmentId }: Scope): Buffer {
  const name = `karmanflow.event-cursor/1\n${tenantId}\n${environmentId}`;
  return createHash('sha256').update(name).digest().subarray(0, tagBytes);
}

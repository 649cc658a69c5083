import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import type { Scope } from '@karmanflow/schema';

/** A message as it arrived: what it takes to verify it again. */
export interface StoredMessage {
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
  /** When it arrived, which is when its signed time is judged. Whole seconds since the Unix epoch. */
  readonly receivedAtSeconds: number;
}

/** What the bytes are bound to: opened under any other they are not opened at all. */
export interface SealedFor {
  readonly scope: Scope;
  readonly ingestSourceId: string;
  readonly contentKey: string;
}

const version = 1;
const nonceBytes = 12;
const tagBytes = 16;
const headBytes = 1 + nonceBytes + tagBytes;
const keyBytes = 32;
const keysMax = 4;

/** Keys of 32 bytes each, as base64 with blanks between: the first seals, each may open. Null for anything else. */
export function parseQuarantineKeys(text: string): readonly Uint8Array[] | null {
  const keys = text
    .trim()
    .split(/\s+/)
    .map((word) => new Uint8Array(Buffer.from(word, 'base64')));
  const areKeys = keys.length <= keysMax && keys.every(({ length }) => length === keyBytes);
  return areKeys ? keys : null;
}

/** AES-256-GCM (NIST SP 800-38D) under a key of the tenant and environment's own (HKDF, RFC 5869). Base64. */
export function sealMessage(
  message: StoredMessage,
  use: { readonly keys: readonly Uint8Array[]; readonly sealedFor: SealedFor; readonly nonce: Uint8Array },
): string {
  const { keys, sealedFor, nonce } = use;
  const [key] = keys;
  if (!key || nonce.length !== nonceBytes) throw new TypeError('sealing takes a key and a nonce of 12 bytes');
  const cipher = createCipheriv('aes-256-gcm', derivedKey(key, sealedFor.scope), nonce);
  cipher.setAAD(boundTo(sealedFor));
  const encrypted = Buffer.concat([cipher.update(encode(message)), cipher.final()]);
  return Buffer.concat([Uint8Array.of(version), nonce, cipher.getAuthTag(), encrypted]).toString('base64');
}

/** The message, or null when no key opens it: it was altered, moved, or its key is gone. */
export function openMessage(
  sealed: string,
  { keys, sealedFor }: { readonly keys: readonly Uint8Array[]; readonly sealedFor: SealedFor },
): StoredMessage | null {
  const bytes = Buffer.from(sealed, 'base64');
  if (bytes.length < headBytes || bytes[0] !== version) return null;
  for (const key of keys) {
    const opened = openWith(key, bytes, sealedFor);
    if (opened !== null) return decode(opened);
  }
  return null;
}

function openWith(key: Uint8Array, bytes: Buffer, sealedFor: SealedFor): Buffer | null {
  try {
    const nonce = bytes.subarray(1, 1 + nonceBytes);
    const decipher = createDecipheriv('aes-256-gcm', derivedKey(key, sealedFor.scope), nonce, {
      authTagLength: tagBytes,
    });
    decipher.setAAD(boundTo(sealedFor));
    decipher.setAuthTag(bytes.subarray(1 + nonceBytes, headBytes));
    return Buffer.concat([decipher.update(bytes.subarray(headBytes)), decipher.final()]);
  } catch {
    return null;
  }
}

function derivedKey(key: Uint8Array, { tenantId, environmentId }: Scope): Uint8Array {
  const info = `karmanflow ingest quarantine ${tenantId} ${environmentId}`;
  return new Uint8Array(hkdfSync('sha256', key, new Uint8Array(), info, keyBytes));
}

function boundTo({ ingestSourceId, contentKey }: SealedFor): Uint8Array {
  return new TextEncoder().encode(`${ingestSourceId}\n${contentKey}`);
}

/** Four bytes with the length of a JSON head, the head, and the body as it was. */
function encode({ headers, receivedAtSeconds, body }: StoredMessage): Uint8Array {
  const head = new TextEncoder().encode(JSON.stringify({ headers, receivedAtSeconds }));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, head.length);
  return Buffer.concat([length, head, body]);
}

/** What was decrypted is what we encrypted. */
function decode(bytes: Buffer): StoredMessage {
  const headLength = bytes.readUInt32BE(0);
  const head = JSON.parse(bytes.subarray(4, 4 + headLength).toString('utf8')) as Omit<StoredMessage, 'body'>;
  return { ...head, body: new Uint8Array(bytes.subarray(4 + headLength)) };
}

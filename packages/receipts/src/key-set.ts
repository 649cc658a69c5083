import { decodeBase64url } from './base64url.ts';
import { canonicalBytesWithin } from './canonical-bytes.ts';
import { ed25519PublicKeyBytes, isSoundEd25519PublicKey } from './ed25519-point.ts';
import { instantMilliseconds } from './instant.ts';
import { isJsonObject, parseJsonBytes } from './inert-json.ts';
import { keySetBytesMax, keySetKeysMax } from './limits.ts';
import { toPublicJwk, type ReceiptPublicJwk } from './public-jwk.ts';
import type { JsonObject, JsonValue } from './json-value.ts';

/** A public key and the instants, both included, between which it may have completed receipts. Null: no end yet. */
export interface PublishedKey {
  readonly publicJwk: ReceiptPublicJwk;
  readonly notBefore: string;
  readonly notAfter: string | null;
}

/** One entry of the published key set: a JWK and its validity as two additional members (RFC 7517 section 4). */
export type KeySetEntry = ReceiptPublicJwk & {
  readonly 'karmanflow:notBefore': string;
  readonly 'karmanflow:notAfter': string | null;
};

/** The published key set: a JWK Set (RFC 7517 section 5). */
export interface KeySetDocument {
  readonly keys: readonly KeySetEntry[];
}

export type ParsedKeySet =
  | { readonly ok: true; readonly keys: readonly PublishedKey[] }
  | { readonly ok: false; readonly code: 'malformed_key_set'; readonly detail: string };

type ParsedEntry = { readonly key: PublishedKey | null } | { readonly fault: string };

/** The key set document to publish. Throws TypeError for keys that `parseKeySet` would refuse: a bug. */
export function formatKeySet(keys: readonly PublishedKey[]): KeySetDocument {
  const document = {
    keys: keys.map((key) => ({
      ...key.publicJwk,
      'karmanflow:notBefore': key.notBefore,
      'karmanflow:notAfter': key.notAfter,
    })),
  };
  const parsed = parseKeySet(document);
  if (!parsed.ok) throw new TypeError(`this key set cannot be published: ${parsed.detail}`);
  return document;
}

/**
 * Reads a published key set (parsed JSON). Never throws. Keys of other types or curves are passed over (RFC 7517
 * section 5), so that a successor algorithm can be published early. An Ed25519 key must be complete, sound, named by
 * its own thumbprint and named once, or the whole set is refused, as it is when it holds a private key.
 */
export function parseKeySet(json: unknown): ParsedKeySet {
  const read = canonicalBytesWithin({ value: json, bytesMax: keySetBytesMax });
  if (!read.ok) return refuse(read.detail);
  const document = parseJsonBytes(read.bytes);
  const entries = isJsonObject(document) ? document['keys'] : undefined;
  if (!Array.isArray(entries)) return refuse('keys is not an array');
  if (entries.length > keySetKeysMax) return refuse(`more than ${keySetKeysMax} keys`);
  const keys = new Map<string, PublishedKey>();
  for (const [index, entry] of entries.entries()) {
    const parsed = parseEntry(entry);
    if ('fault' in parsed) return refuse(`keys[${index}] ${parsed.fault}`);
    if (parsed.key === null) continue;
    if (keys.has(parsed.key.publicJwk.kid)) return refuse(`keys[${index}] repeats a kid`);
    keys.set(parsed.key.publicJwk.kid, parsed.key);
  }
  return { ok: true, keys: [...keys.values()] };
}

function refuse(detail: string): ParsedKeySet {
  return { ok: false, code: 'malformed_key_set', detail };
}

function parseEntry(entry: JsonValue): ParsedEntry {
  if (!isJsonObject(entry)) return { fault: 'is not an object' };
  if (typeof entry['kty'] !== 'string') return { fault: 'has no kty' };
  if (Object.hasOwn(entry, 'd')) return { fault: 'holds a private key' };
  if (entry['kty'] !== 'OKP' || entry['crv'] !== 'Ed25519') return { key: null };
  const publicJwk = parsePublicJwk(entry);
  if (publicJwk === null) return { fault: 'is not a sound Ed25519 signing key named by its thumbprint' };
  return parseValidity(entry, publicJwk);
}

function parsePublicJwk(entry: JsonObject): ReceiptPublicJwk | null {
  const x = entry['x'];
  if (typeof x !== 'string') return null;
  const publicKey = decodeBase64url(x);
  if (publicKey?.length !== ed25519PublicKeyBytes || !isSoundEd25519PublicKey(publicKey)) return null;
  const jwk = toPublicJwk(publicKey);
  // The comparison of x with its own re-encoding refuses padding, other alphabets and stray trailing bits.
  const matches = entry['x'] === jwk.x && entry['kid'] === jwk.kid;
  return matches && entry['use'] === jwk.use && entry['alg'] === jwk.alg ? jwk : null;
}

function parseValidity(entry: JsonObject, publicJwk: ReceiptPublicJwk): ParsedEntry {
  const notBefore = entry['karmanflow:notBefore'];
  const notAfter = entry['karmanflow:notAfter'];
  const from = instantMilliseconds(notBefore);
  if (typeof notBefore !== 'string' || from === null) return { fault: 'has no instant in karmanflow:notBefore' };
  if (notAfter === null) return { key: { publicJwk, notBefore, notAfter } };
  const to = instantMilliseconds(notAfter);
  if (typeof notAfter !== 'string' || to === null) return { fault: 'has no instant or null in karmanflow:notAfter' };
  if (to < from) return { fault: 'ends before it begins' };
  return { key: { publicJwk, notBefore, notAfter } };
}

/** True when a receipt that was completed at `instant` falls within the key's validity, both ends included. */
export function isKeyValidAt(key: PublishedKey, instant: string): boolean {
  const at = instantMilliseconds(instant);
  const from = instantMilliseconds(key.notBefore);
  if (at === null || from === null || at < from) return false;
  if (key.notAfter === null) return true;
  const to = instantMilliseconds(key.notAfter);
  return to !== null && at <= to;
}

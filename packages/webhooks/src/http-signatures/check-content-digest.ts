import { createHash, timingSafeEqual } from 'node:crypto';
import { refuseHttpSignature, type HttpSignatureRefusal } from './http-signature-refusal.ts';
import { parseDictionary } from './structured-fields.ts';

/** The algorithms that RFC 9530 section 5 calls active. Others, such as md5, prove nothing and are passed over. */
const algorithms = [
  ['sha-256', 'sha256'],
  ['sha-512', 'sha512'],
] as const;

/**
 * Checks `Content-Digest` (RFC 9530) over the raw body. Every digest of a known algorithm must match, and there must
 * be one. Undefined when it does. The header must be covered by a signature, or it proves nothing.
 */
export function checkContentDigest(input: {
  readonly header: string;
  readonly rawBody: Uint8Array;
}): HttpSignatureRefusal | undefined {
  const digests = parseDictionary(input.header);
  if (digests === undefined) return malformed();
  let checked = 0;
  for (const [name, hashName] of algorithms) {
    const member = digests.get(name);
    if (member === undefined) continue;
    const actual = createHash(hashName).update(input.rawBody).digest();
    if (!('bare' in member) || member.bare.kind !== 'bytes' || member.bare.value.length !== actual.length) {
      return malformed();
    }
    if (!timingSafeEqual(actual, member.bare.value)) {
      return refuseHttpSignature('content_digest_mismatch', 'The body is not the one that the digest was made of.');
    }
    checked += 1;
  }
  if (checked > 0) return undefined;
  return refuseHttpSignature('content_digest_unsupported', 'The content digest has neither sha-256 nor sha-512.');
}

function malformed(): HttpSignatureRefusal {
  return refuseHttpSignature('content_digest_malformed', 'Content-Digest is not a dictionary of digests.');
}

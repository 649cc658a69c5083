import { createPublicKey } from 'node:crypto';
import * as v from 'valibot';
import { type HttpSignatureKey, isModulusBits } from './http-signature-key.ts';
import { httpSignatureLimits } from './http-signature-limits.ts';

/** Why a text is no key of a sender: a closed list in order of precedence. */
export const httpSignatureKeyRefusalCodes = [
  'key_too_long',
  'key_malformed',
  'key_private',
  'key_unsupported',
  'key_size_unsupported',
] as const;

export type HttpSignatureKeyRefusalCode = (typeof httpSignatureKeyRefusalCodes)[number];

/** `publicMessage` never repeats the text that was refused. */
export type HttpSignatureKeyParse =
  | { readonly ok: true; readonly keyId: string; readonly key: HttpSignatureKey }
  | { readonly ok: false; readonly code: HttpSignatureKeyRefusalCode; readonly publicMessage: string };

const base64url = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]+$/));
const shape = v.looseObject({
  kty: v.picklist(['OKP', 'EC', 'RSA', 'oct']),
  kid: v.pipe(v.string(), v.maxLength(httpSignatureLimits.keyIdMaxCharacters), v.regex(/^[!#-[\]-~]+$/)),
  alg: v.exactOptional(v.string()),
  use: v.exactOptional(v.literal('sig')),
  k: v.exactOptional(base64url),
});
type Jwk = v.InferOutput<typeof shape>;

/** Where private numbers of public-key algorithms stand (RFC 7518 section 6, RFC 8037). */
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth'] as const;

/** Names of the algorithm that a key may carry: of RFC 7518 and RFC 9864, and of RFC 9421. */
const algorithmNames: Readonly<Record<HttpSignatureKey['algorithm'], readonly string[]>> = {
  'hmac-sha256': ['HS256', 'hmac-sha256'],
  ed25519: ['EdDSA', 'Ed25519', 'ed25519'],
  'ecdsa-p256-sha256': ['ES256', 'ecdsa-p256-sha256'],
  'rsa-pss-sha512': ['PS512', 'rsa-pss-sha512'],
};

/**
 * Reads a key as its sender publishes it: one JSON Web Key (RFC 7517) with a `kid`, which is the `keyid` of signatures. An
 * Ed25519, P-256 or RSA key in its public half, or a shared secret (`oct`). The kind of key decides the algorithm.
 */
export function parseHttpSignatureKey(text: string): HttpSignatureKeyParse {
  const { keyTextMaxCharacters } = httpSignatureLimits;
  if (text.length > keyTextMaxCharacters) {
    return refuse('key_too_long', `A key has at most ${keyTextMaxCharacters} characters.`);
  }
  const parsed = v.safeParse(shape, readJson(text));
  if (!parsed.success) return refuse('key_malformed', 'A key is a JSON Web Key with a kid, for signatures.');
  const jwk = parsed.output;
  if (jwk.kty !== 'oct' && privateMembers.some((name) => Object.hasOwn(jwk, name))) {
    return refuse('key_private', 'Only the public half of a key is kept here: its sender keeps the other.');
  }
  const key = jwk.kty === 'oct' ? secretKeyOf(jwk) : publicKeyOf(jwk);
  if ('ok' in key) return key;
  if (jwk.alg !== undefined && !algorithmNames[key.algorithm].includes(jwk.alg)) {
    return refuse('key_unsupported', 'The alg of the key is not the one that its kind is used with here.');
  }
  return { ok: true, keyId: jwk.kid, key };
}

type Refusal = Extract<HttpSignatureKeyParse, { ok: false }>;

function secretKeyOf({ k }: Jwk): HttpSignatureKey | Refusal {
  const secret = new Uint8Array(Buffer.from(k ?? '', 'base64url'));
  const { hmacKeyMinBytes, hmacKeyMaxBytes } = httpSignatureLimits;
  if (secret.length >= hmacKeyMinBytes && secret.length <= hmacKeyMaxBytes) {
    return { algorithm: 'hmac-sha256', secret };
  }
  return refuse('key_size_unsupported', `A shared secret has ${hmacKeyMinBytes} to ${hmacKeyMaxBytes} bytes.`);
}

function publicKeyOf(jwk: Jwk): HttpSignatureKey | Refusal {
  const unsupported = refuse('key_unsupported', 'A public key is one of Ed25519, P-256 or RSA.');
  const curve = jwk['crv'];
  if ((jwk.kty === 'OKP' && curve !== 'Ed25519') || (jwk.kty === 'EC' && curve !== 'P-256')) return unsupported;
  let publicKey: ReturnType<typeof createPublicKey>;
  try {
    // Copied member by member, so that nothing else of the document is read as part of the key.
    const members = ['crv', 'x', 'y', 'n', 'e'].flatMap((name) =>
      Object.hasOwn(jwk, name) ? [[name, jwk[name]]] : [],
    );
    publicKey = createPublicKey({ key: { ...Object.fromEntries(members), kty: jwk.kty }, format: 'jwk' });
  } catch {
    return refuse('key_malformed', 'The numbers of the key are none of its kind.');
  }
  if (jwk.kty === 'OKP') {
    const { x = '' } = publicKey.export({ format: 'jwk' });
    return { algorithm: 'ed25519', publicKey: new Uint8Array(Buffer.from(x, 'base64url')) };
  }
  const encoded = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }));
  if (jwk.kty === 'EC') return { algorithm: 'ecdsa-p256-sha256', publicKey: encoded };
  if (isModulusBits(publicKey.asymmetricKeyDetails?.modulusLength)) {
    return { algorithm: 'rsa-pss-sha512', publicKey: encoded };
  }
  const { rsaModulusMinBits, rsaModulusMaxBits } = httpSignatureLimits;
  return refuse('key_size_unsupported', `An RSA key has ${rsaModulusMinBits} to ${rsaModulusMaxBits} bits.`);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refuse(code: HttpSignatureKeyRefusalCode, publicMessage: string): Refusal {
  return { ok: false, code, publicMessage };
}

import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { decodeCanonicalBase64 } from './canonical-base64.ts';

export const webhookSigningKeyPrefix = 'whsk_';
export const webhookPublicKeyPrefix = 'whpk_';

const seedBytes = 32;
const publicKeyBytes = 32;

/** What stands before a raw key in its DER form (RFC 8410 sections 7 and 4). */
const pkcs8Prefix = Uint8Array.fromHex('302e020100300506032b657004220420');
const spkiPrefix = Uint8Array.fromHex('302a300506032b6570032100');

/** An Ed25519 key pair as Standard Webhooks writes it down: `whsk_` and 64 bytes (seed, public key), `whpk_` and 32 bytes. */
export interface WebhookSigningKey {
  readonly signingKey: string;
  readonly publicKey: string;
}

/** Makes the key pair of a seed of 32 bytes. Throws when it has another length, since seeds are our own. */
export function signingKeyOfSeed(seed: Uint8Array): WebhookSigningKey {
  if (seed.length !== seedBytes) throw new TypeError(`The seed of a signing key has ${seedBytes} bytes.`);
  const { x = '' } = createPublicKey(privateKeyOf(seed)).export({ format: 'jwk' });
  const publicBytes = Buffer.from(x, 'base64url');
  return {
    signingKey: webhookSigningKeyPrefix + Buffer.concat([seed, publicBytes]).toString('base64'),
    publicKey: webhookPublicKeyPrefix + publicBytes.toString('base64'),
  };
}

/** The private key behind `whsk_…`. Throws a TypeError, which never shows the key, for anything else. */
export function requireSigningKey(text: string): KeyObject {
  const bytes = decodeAfter({ text, prefix: webhookSigningKeyPrefix });
  const isPair =
    bytes?.length === seedBytes + publicKeyBytes && signingKeyOfSeed(bytes.subarray(0, seedBytes)).signingKey === text;
  if (!isPair) throw new TypeError('A webhook signing key is whsk_ and the base64 of a seed and its public key.');
  return privateKeyOf(bytes.subarray(0, seedBytes));
}

/** The public key behind `whpk_…`. Throws a TypeError for anything else. */
export function requirePublicKey(text: string): KeyObject {
  const bytes = decodeAfter({ text, prefix: webhookPublicKeyPrefix });
  if (bytes?.length !== publicKeyBytes) {
    throw new TypeError('A webhook public key is whpk_ and the base64 of 32 bytes.');
  }
  return createPublicKey({ key: Buffer.concat([spkiPrefix, bytes]), format: 'der', type: 'spki' });
}

function privateKeyOf(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: 'der', type: 'pkcs8' });
}

function decodeAfter({ text, prefix }: { readonly text: string; readonly prefix: string }): Uint8Array | undefined {
  return text.startsWith(prefix) ? decodeCanonicalBase64(text.slice(prefix.length)) : undefined;
}

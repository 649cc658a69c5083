import { ed25519PrivateKey, ed25519PublicKey, ed25519Sign, ed25519SignConcurrently } from './ed25519.ts';
import { toPublicJwk, type ReceiptPublicJwk } from './public-jwk.ts';

/** Signs canonical bytes with one Ed25519 key. It keeps the private key to itself: only the public parts are fields. */
export interface ReceiptSigner {
  /** The RFC 7638 thumbprint of the public key, base64url: the `kid` in the published key set. */
  readonly keyId: string;
  readonly publicJwk: ReceiptPublicJwk;
  /** Pure Ed25519 over `bytes` (RFC 8032 section 5.1.6): 64 bytes. */
  readonly sign: (bytes: Uint8Array) => Uint8Array;
  /** The same signature, made on other threads: worth it for many at once. */
  readonly signConcurrently: (bytes: Uint8Array) => Promise<Uint8Array>;
}

/**
 * A signer for a 32-byte Ed25519 seed (RFC 8032 section 5.1.5). The key is built once; signing is synchronous.
 * Throws TypeError for a seed of another length.
 */
export function createReceiptSigner(input: { readonly privateKey: Uint8Array }): ReceiptSigner {
  const privateKey = ed25519PrivateKey(input.privateKey);
  const publicJwk = toPublicJwk(ed25519PublicKey(privateKey));
  return {
    keyId: publicJwk.kid,
    publicJwk,
    sign: (bytes) => ed25519Sign({ bytes, privateKey }),
    signConcurrently: (bytes) => ed25519SignConcurrently({ bytes, privateKey }),
  };
}

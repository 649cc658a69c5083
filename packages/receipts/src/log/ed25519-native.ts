import { ed25519PrivateKey, ed25519PublicKey, ed25519Sign } from '../ed25519.ts';
import type { Ed25519Signer } from './ed25519-signer.ts';

export { ed25519Verify } from '../ed25519.ts';

/** A signer for a 32-byte RFC 8032 seed. Throws TypeError for a seed of another length. */
export function createEd25519Signer(seed: Uint8Array): Ed25519Signer {
  const privateKey = ed25519PrivateKey(seed);
  return { publicKey: ed25519PublicKey(privateKey), sign: (bytes) => ed25519Sign({ bytes, privateKey }) };
}

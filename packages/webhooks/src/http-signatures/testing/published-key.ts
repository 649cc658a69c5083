import { createPublicKey } from 'node:crypto';
import type { SigningKey } from './sign-http-request.ts';

/** The key as its sender publishes it: a JSON Web Key with a kid, in its public half or as a shared secret. */
export function publishedKey({ keyId, known, library }: SigningKey): Record<string, unknown> {
  if (known.algorithm === 'hmac-sha256') {
    return { kty: 'oct', kid: keyId, k: Buffer.from(known.secret).toString('base64url') };
  }
  return { ...createPublicKey(library.verifying).export({ format: 'jwk' }), kid: keyId };
}

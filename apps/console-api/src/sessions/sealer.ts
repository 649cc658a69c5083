import { CompactEncrypt, compactDecrypt } from 'jose';
import * as v from 'valibot';
import { sessionLimits } from './session-limits.ts';

/** Keeps small state in a cookie that its holder can neither read nor change. */
export interface Sealer {
  /** `kind` is sealed in as well: what was sealed as one kind never opens as another. */
  seal(kind: string, payload: object): Promise<string>;
  /** What was sealed, or null for anything that this key did not seal as this kind and shape. Never throws. */
  open<Output>(kind: string, text: string, shape: v.GenericSchema<unknown, Output>): Promise<Output | null>;
}

export const sealingKeyBytes = 32;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Seals with A256GCM as a compact JWE under a direct key (RFC 7516, RFC 7518 sections 4.5 and 5.3). Throws on another size. */
export function createSealer(key: Uint8Array): Sealer {
  if (key.length !== sealingKeyBytes)
    throw new Error(`the key that seals sessions does not have ${sealingKeyBytes} bytes`);
  const algorithms = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] };
  return {
    seal: (kind, payload) =>
      new CompactEncrypt(encoder.encode(JSON.stringify(payload)))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', typ: kind })
        .encrypt(key),
    async open(kind, text, shape) {
      if (text.length > sessionLimits.sealedCharacters) return null;
      try {
        const { plaintext, protectedHeader } = await compactDecrypt(text, key, algorithms);
        if (protectedHeader['typ'] !== kind) return null;
        const parsed = v.safeParse(shape, JSON.parse(decoder.decode(plaintext)));
        return parsed.success ? parsed.output : null;
      } catch {
        return null;
      }
    },
  };
}

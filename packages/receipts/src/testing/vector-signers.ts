import { formatKeySet, type KeySetDocument } from '../key-set.ts';
import { createReceiptSigner, type ReceiptSigner } from '../receipt-signer.ts';
import { sha256 } from '../sha256.ts';

/** The seeds are hashes of published text, so that nobody can take one for a secret or put one into production. */
function testSeed(name: string): Uint8Array {
  return sha256(new TextEncoder().encode(`KarmanFlow receipt vectors, TEST ONLY, not a secret: ${name}`));
}

export interface VectorSigner {
  readonly name: string;
  readonly seed: Uint8Array;
  readonly signer: ReceiptSigner;
}

function vectorSigner(name: string): VectorSigner {
  const seed = testSeed(name);
  return { name, seed, signer: createReceiptSigner({ privateKey: seed }) };
}

/** `former` and `current` overlap for a day, as in a rotation; `stranger` is in no key set. */
export const former: VectorSigner = vectorSigner('former');
export const current: VectorSigner = vectorSigner('current');
export const stranger: VectorSigner = vectorSigner('stranger');

export const currentNotBefore = '2026-01-01T00:00:00.000Z';
export const formerNotAfter = '2026-01-02T00:00:00.000Z';

export const vectorKeySet: KeySetDocument = formatKeySet([
  { publicJwk: current.signer.publicJwk, notBefore: currentNotBefore, notAfter: null },
  { publicJwk: former.signer.publicJwk, notBefore: '2025-01-01T00:00:00.000Z', notAfter: formerNotAfter },
]);

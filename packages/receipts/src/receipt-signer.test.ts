import { expect, test } from 'bun:test';
import { inspect } from 'node:util';
import { createReceiptSigner } from './receipt-signer.ts';
import { readVectors } from './testing/read-vectors.ts';

const { thumbprint, tests } = readVectors<{
  thumbprint: { seed: string; x: string; kid: string };
  tests: { seed: string; message: string; signature: string }[];
}>('ed25519/rfc8032.json');

test('the key id is the RFC 7638 thumbprint, as in RFC 8037 appendix A.3', () => {
  const signer = createReceiptSigner({ privateKey: Uint8Array.fromHex(thumbprint.seed) });
  expect(signer.keyId).toBe(thumbprint.kid);
  expect(signer.publicJwk).toEqual({
    kty: 'OKP',
    crv: 'Ed25519',
    x: thumbprint.x,
    kid: thumbprint.kid,
    use: 'sig',
    alg: 'EdDSA',
  });
});

test('signs as RFC 8032 says', () => {
  expect(tests.length).toBe(3);
  for (const { seed, message, signature } of tests) {
    const signer = createReceiptSigner({ privateKey: Uint8Array.fromHex(seed) });
    const signed = signer.sign(Uint8Array.fromHex(message));
    expect(signed.toHex()).toBe(signature);
    expect(signed.constructor).toBe(Uint8Array);
  }
});

test('neither JSON nor an inspection shows the private key, and the seed may be wiped', () => {
  const seed = Uint8Array.fromHex(thumbprint.seed);
  const signer = createReceiptSigner({ privateKey: seed });
  const before = signer.sign(seed.subarray(0, 0)).toHex();
  const shown = `${JSON.stringify(signer)} ${inspect(signer, { depth: 9, showHidden: true })}`;
  expect(shown).toContain(thumbprint.kid);
  expect(shown).not.toContain(Buffer.from(seed).toString('base64url'));
  expect(shown).not.toContain(thumbprint.seed);
  seed.fill(0);
  expect(signer.sign(seed.subarray(0, 0)).toHex()).toBe(before);
});

test('a private key of another length throws', () => {
  expect(() => createReceiptSigner({ privateKey: new Uint8Array(64) })).toThrow(TypeError);
});

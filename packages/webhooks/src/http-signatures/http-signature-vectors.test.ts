import { expect, test } from 'bun:test';
import vectors from '../../vectors/inbound/http-signatures.json';
import type { HttpSignatureKey } from './http-signature-key.ts';
import { verifyHttpSignature } from './verify-http-signature.ts';

const keys = new Map<string, HttpSignatureKey>(
  Object.entries(vectors.keys).map(([keyId, { algorithm, base64 }]) => {
    const bytes = new Uint8Array(Buffer.from(base64, 'base64'));
    return [
      keyId,
      algorithm === 'ed25519' ? { algorithm, publicKey: bytes } : { algorithm: 'hmac-sha256', secret: bytes },
    ];
  }),
);

test('the file has both algorithms, accepted and refused', () => {
  expect([...keys.values()].map(({ algorithm }) => algorithm)).toEqual(['hmac-sha256', 'ed25519']);
  expect(vectors.cases.filter(({ expected }) => expected.ok).length).toBe(6);
  expect(vectors.cases.filter(({ expected }) => !expected.ok).length).toBe(6);
});

for (const { name, method, url, headers, bodyBase64, requiredComponents, nowSeconds, expected } of vectors.cases) {
  test(name, () => {
    const pairs = headers.map(([key, value]): [string, string] => {
      if (key === undefined || value === undefined) throw new Error('A header is not a pair.');
      return [key, value];
    });
    const rawBody = new Uint8Array(Buffer.from(bodyBase64, 'base64'));
    const result = verifyHttpSignature({
      request: { method, url, headers: pairs, rawBody },
      policy: { requiredComponents, toleranceSeconds: 0, nonceIsRequired: false },
      lookUpKey: (keyId) => keys.get(keyId),
      nowSeconds,
    });
    if (!result.ok) {
      expect<unknown>({ ok: false, code: result.code }).toEqual(expected);
      return;
    }
    const { label, ...verified } = result;
    expect<unknown>(verified).toEqual(expected);
    expect(headers.some(([, value]) => value?.startsWith(`${label}=`))).toBe(true);
  });
}

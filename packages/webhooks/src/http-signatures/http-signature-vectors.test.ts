import { expect, test } from 'bun:test';
import vectors from '../../vectors/inbound/http-signatures.json';
import {
  type HttpSignatureKey,
  httpSignatureAlgorithms,
  isHttpSignatureOf,
  requireHttpSignatureKey,
} from './http-signature-key.ts';
import { verifyHttpSignature } from './verify-http-signature.ts';

const keys = new Map<string, HttpSignatureKey>(
  Object.entries(vectors.keys).map(([keyId, { algorithm, base64 }]) => {
    const bytes = new Uint8Array(Buffer.from(base64, 'base64'));
    const known = httpSignatureAlgorithms.find((name) => name === algorithm);
    if (known === undefined) throw new Error(`${algorithm} is unknown`);
    return [
      keyId,
      known === 'hmac-sha256' ? { algorithm: known, secret: bytes } : { algorithm: known, publicKey: bytes },
    ];
  }),
);

test('the file has every algorithm, accepted and refused', () => {
  expect([...keys.values()].map(({ algorithm }) => algorithm).toSorted()).toEqual(
    [...httpSignatureAlgorithms].toSorted(),
  );
  expect(vectors.cases.filter(({ expected }) => expected.ok).length).toBe(7);
  expect(vectors.cases.filter(({ expected }) => !expected.ok).length).toBe(8);
  expect(vectors.bases.length).toBe(2);
});

for (const { name, keyId, lines, signature } of vectors.bases) {
  test(`${name}: the signature over its base`, () => {
    const key = keys.get(keyId);
    if (key === undefined) throw new Error(`no key ${keyId}`);
    requireHttpSignatureKey(key);
    const bytes = Buffer.from(signature, 'base64');
    const signatureBase = lines.join('\n');
    expect(isHttpSignatureOf({ key, signatureBase, signature: bytes })).toBe(true);
    expect(isHttpSignatureOf({ key, signatureBase: `${signatureBase} `, signature: bytes })).toBe(false);
  });
}

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

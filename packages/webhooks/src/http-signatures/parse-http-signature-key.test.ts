import { describe, expect, test } from 'bun:test';
import { generateKeyPairSync } from 'node:crypto';
import { httpSignatureAlgorithms } from './http-signature-key.ts';
import { httpSignatureKeyRefusalCodes, parseHttpSignatureKey } from './parse-http-signature-key.ts';
import { publishedKey } from './testing/published-key.ts';
import { makeEcdsaKey, makeEd25519Key, makeHmacKey, makeRsaKey } from './testing/sign-http-request.ts';

const keys = [makeHmacKey(), makeEd25519Key(), makeEcdsaKey(), makeRsaKey()];
const [secret, , , rsa] = keys.map(publishedKey);
const parse = (document: unknown) => parseHttpSignatureKey(JSON.stringify(document));

test('a key of each algorithm is read as it is published', () => {
  expect(keys.map(({ known }) => known.algorithm)).toEqual([...httpSignatureAlgorithms]);
  for (const key of keys) {
    expect(parse(publishedKey(key))).toEqual({ ok: true, keyId: key.keyId, key: key.known });
  }
});

test('the name of its algorithm may stand beside it, and must be its own', () => {
  expect(parse({ ...rsa, alg: 'PS512', use: 'sig', key_ops: ['verify'] })).toMatchObject({ ok: true });
  expect(parse({ ...rsa, alg: 'RS256' })).toMatchObject({ ok: false, code: 'key_unsupported' });
});

const privateKey = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
const smallKey = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
const otherCurve = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' });

describe('what is no key is refused, by what is wrong with it', () => {
  const cases: [string, unknown][] = [
    ['key_too_long', { ...secret, note: 'x'.repeat(5_000) }],
    ['key_malformed', 'a-shared-secret'],
    ['key_malformed', { ...secret, kid: undefined }],
    ['key_malformed', { ...secret, kid: 'with blank' }],
    ['key_malformed', { ...rsa, use: 'enc' }],
    ['key_malformed', { ...rsa, n: 7 }],
    ['key_malformed', { kty: 'EC', crv: 'P-256', kid: 'k', x: 'AAAA', y: 'AAAA' }],
    ['key_private', { ...privateKey, kid: 'k' }],
    ['key_unsupported', { ...otherCurve, kid: 'k' }],
    ['key_unsupported', { kty: 'OKP', crv: 'X25519', kid: 'k', x: 'A'.repeat(43) }],
    ['key_size_unsupported', { ...smallKey, kid: 'k' }],
    ['key_size_unsupported', { kty: 'oct', kid: 'k', k: 'c2hvcnQ' }],
    ['key_size_unsupported', { kty: 'oct', kid: 'k' }],
  ];
  test.each(cases)('%s', (code, document) => {
    const parsed = parse(document);
    expect(parsed).toMatchObject({ ok: false, code });
    if (!parsed.ok) expect(JSON.stringify(document)).not.toContain(parsed.publicMessage);
  });
  test('every code has a case', () => {
    expect([...new Set(cases.map(([code]) => code))]).toEqual([...httpSignatureKeyRefusalCodes]);
  });
});

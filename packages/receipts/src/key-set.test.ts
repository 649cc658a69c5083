import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { formatKeySet, isKeyValidAt, parseKeySet, type PublishedKey } from './key-set.ts';
import { keySetKeysMax } from './limits.ts';
import { toPublicJwk } from './public-jwk.ts';
import { createReceiptSigner } from './receipt-signer.ts';
import { sha256 } from './sha256.ts';

const notBefore = '2026-01-01T00:00:00.000Z';
const notAfter = '2026-12-31T23:59:59.999Z';

function publishedKey(index: number): PublishedKey {
  const { publicJwk } = createReceiptSigner({ privateKey: sha256(Uint8Array.of(index & 0xff, index >> 8)) });
  return { publicJwk, notBefore, notAfter };
}

const key = publishedKey(0);
const [entry] = formatKeySet([key]).keys;

test('what is formatted parses to the same keys', () => {
  const keys = [key, { ...publishedKey(1), notAfter: null }];
  const document = formatKeySet(keys);
  expect(document.keys[1]).toEqual({
    ...keys[1]!.publicJwk,
    'karmanflow:notBefore': notBefore,
    'karmanflow:notAfter': null,
  });
  expect(parseKeySet(JSON.parse(JSON.stringify(document)))).toEqual({ ok: true, keys });
  expect(parseKeySet(formatKeySet([]))).toEqual({ ok: true, keys: [] });
});

test('keys of other types and additional members are passed over', () => {
  const others = [
    { kty: 'EC', crv: 'P-256', x: 'a', y: 'b', kid: 'c' },
    { kty: 'OKP', crv: 'X25519', x: 'a' },
    { kty: 'AKP', alg: 'ML-DSA-44', pub: 'a' },
  ];
  const document = { keys: [...others, { ...entry, 'x5t#S256': 'a' }], issuer: 'b' };
  expect(parseKeySet(document)).toEqual({ ok: true, keys: [key] });
});

describe('malformed', () => {
  const withEntry = (change: object): unknown => ({ keys: [{ ...entry, ...change }] });
  const x = key.publicJwk.x;
  const identity = toPublicJwk(Uint8Array.of(1, ...new Uint8Array(31)));
  const cases: readonly (readonly [string, unknown])[] = [
    ['null', null],
    ['an array', [entry]],
    ['text', JSON.stringify({ keys: [entry] })],
    ['no keys', {}],
    ['keys that are no array', { keys: { 0: entry } }],
    ['an entry that is no object', { keys: [null] }],
    ['an entry without kty', { keys: [{}] }],
    ['a private Ed25519 key', withEntry({ d: x })],
    ['a private key of another type', { keys: [{ kty: 'EC', crv: 'P-256', d: 'a' }] }],
    ['another algorithm', withEntry({ alg: 'ES256' })],
    ['another use', withEntry({ use: 'enc' })],
    ['no key id', withEntry({ kid: null })],
    ['the key id of another key', withEntry({ kid: publishedKey(1).publicJwk.kid })],
    ['another coordinate', withEntry({ x: publishedKey(1).publicJwk.x })],
    ['a coordinate with padding', withEntry({ x: `${x}=` })],
    ['a coordinate that is too short', withEntry({ x: x.slice(1) })],
    ['a coordinate that is no text', withEntry({ x: 1 })],
    ['a key of small order under its own thumbprint', withEntry(identity)],
    ['no notBefore', withEntry({ 'karmanflow:notBefore': null })],
    ['a notBefore without milliseconds', withEntry({ 'karmanflow:notBefore': '2026-01-01T00:00:00Z' })],
    ['a notAfter that is a number', withEntry({ 'karmanflow:notAfter': 1 })],
    ['an end before the beginning', withEntry({ 'karmanflow:notAfter': '2025-12-31T23:59:59.999Z' })],
    ['the same key twice', { keys: [entry, { ...entry, 'karmanflow:notAfter': null }] }],
    ['too many keys', { keys: Array.from({ length: keySetKeysMax + 1 }, () => ({ kty: 'EC' })) }],
    ['too many bytes', { keys: [], padding: 'a'.repeat(300_000) }],
  ];

  test.each(cases)('%s', (_name, document) => {
    const parsed = parseKeySet(document);
    expect(parsed).toMatchObject({ ok: false, code: 'malformed_key_set' });
  });

  test('an entry without notAfter is not one without an end', () => {
    const { 'karmanflow:notAfter': _, ...withoutEnd } = entry!;
    expect(parseKeySet({ keys: [withoutEnd] })).toMatchObject({ ok: false, code: 'malformed_key_set' });
  });
});

test('the largest set fits within the bounds', () => {
  const keys = Array.from({ length: keySetKeysMax }, (_, index) => publishedKey(index));
  expect(parseKeySet(formatKeySet(keys))).toEqual({ ok: true, keys });
});

test('formatting a set that nobody could read throws', () => {
  expect(() => formatKeySet([key, key])).toThrow(TypeError);
  expect(() => formatKeySet([{ ...key, notBefore: 'today' }])).toThrow(TypeError);
  expect(() => formatKeySet([{ ...key, publicJwk: { ...key.publicJwk, kid: 'me' } }])).toThrow(TypeError);
});

test('validity includes both ends', () => {
  const before = '2025-12-31T23:59:59.999Z';
  const after = '2027-01-01T00:00:00.000Z';
  expect([before, notBefore, notAfter, after].map((instant) => isKeyValidAt(key, instant))).toEqual([
    false,
    true,
    true,
    false,
  ]);
  expect(isKeyValidAt({ ...key, notAfter: null }, after)).toBe(true);
  expect(isKeyValidAt({ ...key, notAfter: null }, 'later')).toBe(false);
});

test('no input makes it throw', () => {
  const keyLike = fc.record({ keys: fc.array(fc.oneof(fc.anything(), fc.constant(entry)), { maxLength: 3 }) });
  fc.assert(
    fc.property(fc.oneof(fc.anything(), keyLike), (document) => {
      const parsed = parseKeySet(document);
      if (parsed.ok) for (const found of parsed.keys) expect(found).toEqual(key);
    }),
  );
});

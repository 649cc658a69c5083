import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { ed25519PrivateKey, ed25519PublicKey, ed25519Sign, ed25519Verify, isSoundEd25519PublicKey } from './ed25519.ts';
import { readVectors } from './testing/read-vectors.ts';
import { groupOrder, readLittleEndian, signWithIdentityNonce, withGroupOrderAdded } from './testing/tampering.ts';

const fromHex = (hex: string): Uint8Array => Uint8Array.fromHex(hex);
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const seed = fromHex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60');
const privateKey = ed25519PrivateKey(seed);
const publicKey = ed25519PublicKey(privateKey);

/** Both signs of each encoding of the eight points of small order, from the list in C2SP/CCTV ed25519. */
const smallOrderKeys = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000080',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
].map(fromHex);

describe('RFC 8032 section 7.1', () => {
  const { tests } = readVectors<{ tests: Record<'name' | 'seed' | 'publicKey' | 'message' | 'signature', string>[] }>(
    'ed25519/rfc8032.json',
  );

  test.each(tests)('$name', (vector) => {
    const key = ed25519PrivateKey(fromHex(vector.seed));
    const bytes = fromHex(vector.message);
    expect(ed25519PublicKey(key).toHex()).toBe(vector.publicKey);
    expect(ed25519Sign({ bytes, privateKey: key }).toHex()).toBe(vector.signature);
    const signature = fromHex(vector.signature);
    expect(ed25519Verify({ bytes, publicKey: fromHex(vector.publicKey), signature })).toBe(true);
  });
});

describe('edge cases of C2SP/CCTV', () => {
  const { cases } = readVectors<{
    cases: { number: number; why: string; key: string; signature: string; message: string; accept: boolean }[];
  }>('ed25519/edge-cases.json');

  test.each(cases)('$number: $why', ({ key, signature, message, accept }) => {
    const input = { bytes: bytesOf(message), publicKey: fromHex(key), signature: fromHex(signature) };
    expect(ed25519Verify(input)).toBe(accept);
  });
});

test('each encoding of a point of small order is refused as a key', () => {
  expect(smallOrderKeys.map((key) => isSoundEd25519PublicKey(key))).toEqual(Array(14).fill(false));
});

test('under a key of small order, a signature that holds for every eighth message or more is refused', () => {
  for (const key of smallOrderKeys) {
    for (let message = 0; message < 32; message += 1) {
      // S = 1 and R = the base point: with a key of order n the equation holds for one message in n.
      const basePoint = fromHex('5866666666666666666666666666666666666666666666666666666666666666');
      const signature = Uint8Array.from([...basePoint, 1, ...new Uint8Array(31)]);
      expect(ed25519Verify({ bytes: bytesOf(`${message}`), publicKey: key, signature })).toBe(false);
    }
  }
});

test('encodings of y from p upwards are refused as keys, those below are not', () => {
  const withFirstByte = (first: number): Uint8Array => fromHex(`${first.toString(16)}${'ff'.repeat(30)}7f`);
  for (let first = 0xed; first <= 0xff; first += 1) expect(isSoundEd25519PublicKey(withFirstByte(first))).toBe(false);
  expect(isSoundEd25519PublicKey(withFirstByte(0xeb))).toBe(true);
  expect(isSoundEd25519PublicKey(fromHex(`ff${'ff'.repeat(29)}fe7f`))).toBe(true);
  expect(isSoundEd25519PublicKey(publicKey.subarray(1))).toBe(false);
});

test('R of small order is refused, although the equation holds', () => {
  const bytes = bytesOf('signed with a nonce of zero');
  const signature = signWithIdentityNonce({ seed, publicKey, bytes });
  expect(readLittleEndian(signature.subarray(32))).toBeLessThan(groupOrder);
  expect(ed25519Verify({ bytes, publicKey, signature })).toBe(false);
});

test('S is refused from the order of the group upwards', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const signature = ed25519Sign({ bytes, privateKey });
      expect(ed25519Verify({ bytes, publicKey, signature })).toBe(true);
      for (let times = 1n; times <= 14n; times += 1n) {
        const altered = withGroupOrderAdded(signature, times);
        expect(ed25519Verify({ bytes, publicKey, signature: altered })).toBe(false);
      }
    }),
    { numRuns: 20 },
  );
});

test('any 32 and 64 bytes are read without an error, and never verify', () => {
  const bytes = bytesOf('message');
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 31, maxLength: 33 }), fc.uint8Array({ maxLength: 65 }), (key, signature) => {
      expect(ed25519Verify({ bytes, publicKey: key, signature })).toBe(false);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), (signature) => {
      expect(ed25519Verify({ bytes, publicKey, signature })).toBe(false);
    }),
  );
});

test('a seed has 32 bytes', () => {
  for (const length of [0, 31, 33, 64]) {
    expect(() => ed25519PrivateKey(new Uint8Array(length))).toThrow(TypeError);
  }
});

import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { sha256 as nativeSha256 } from '../sha256.ts';
import { readVectors } from '../testing/read-vectors.ts';
import { withGroupOrderAdded } from '../testing/tampering.ts';
import * as nativeEd25519 from './ed25519-native.ts';
import * as nobleEd25519 from './ed25519-noble.ts';
import { flipped } from './testing/merkle-probes.ts';
import { sha256 as nobleSha256 } from './sha256-noble.ts';

const fromHex = (hex: string): Uint8Array => Uint8Array.fromHex(hex);
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const implementations = [
  { name: 'native', sha256: nativeSha256, ...nativeEd25519 },
  { name: 'noble', sha256: nobleSha256, ...nobleEd25519 },
] as const;

describe.each([...implementations])('$name', ({ sha256, createEd25519Signer, ed25519Verify }) => {
  test('SHA-256: the examples of FIPS 180-4', () => {
    expect(sha256(bytesOf('abc')).toHex()).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(sha256(bytesOf('')).toHex()).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  test('Ed25519: RFC 8032 section 7.1', () => {
    const { tests } = readVectors<{ tests: Record<'seed' | 'publicKey' | 'message' | 'signature', string>[] }>(
      'ed25519/rfc8032.json',
    );
    for (const vector of tests) {
      const signer = createEd25519Signer(fromHex(vector.seed));
      const bytes = fromHex(vector.message);
      expect(signer.publicKey.toHex()).toBe(vector.publicKey);
      expect(signer.sign(bytes).toHex()).toBe(vector.signature);
      const signature = fromHex(vector.signature);
      expect(ed25519Verify({ bytes, publicKey: signer.publicKey, signature })).toBe(true);
    }
    expect(tests.length).toBeGreaterThan(2);
  });

  test('Ed25519: of the edge cases of C2SP/CCTV, those alone with no flag but a component of low order are accepted', () => {
    interface EdgeCase {
      readonly number: number;
      readonly key: string;
      readonly signature: string;
      readonly message: string;
      readonly flags: readonly string[];
    }
    const { cases } = readVectors<{ cases: readonly EdgeCase[] }>('log/ed25519-edge-cases.json');
    const harmless = ['low_order_component_A', 'low_order_component_R'];
    const accepted = cases.filter(({ key, signature, message }) =>
      ed25519Verify({ bytes: bytesOf(message), publicKey: fromHex(key), signature: fromHex(signature) }),
    );
    const expected = cases.filter(({ flags }) => flags.every((flag) => harmless.includes(flag)));
    expect(accepted.map(({ number }) => number)).toEqual(expected.map(({ number }) => number));
    expect(accepted.map(({ number }) => number)).toEqual([7, 29, 50]);
  });

  test('a seed has 32 bytes', () => {
    for (const length of [0, 31, 33, 64]) expect(() => createEd25519Signer(new Uint8Array(length))).toThrow(TypeError);
  });
});

describe('both implementations agree', () => {
  const seed = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const verdicts = (input: Parameters<typeof nativeEd25519.ed25519Verify>[0]): boolean[] =>
    implementations.map(({ ed25519Verify }) => ed25519Verify(input));

  test('on digests and signatures', () => {
    fc.assert(
      fc.property(seed, fc.uint8Array({ maxLength: 300 }), (secret, bytes) => {
        expect(nobleSha256(bytes)).toEqual(nativeSha256(bytes));
        const [native, noble] = implementations.map(({ createEd25519Signer }) => createEd25519Signer(secret));
        expect(noble?.publicKey).toEqual(native?.publicKey ?? bytes);
        expect(noble?.sign(bytes)).toEqual(native?.sign(bytes) ?? bytes);
      }),
      { numRuns: 20 },
    );
  });

  test('on what they refuse: any bit turned, S beyond the order, any lengths, any noise', () => {
    const bit = fc.record({ byte: fc.nat({ max: 63 }), mask: fc.nat({ max: 7 }).map((at) => 1 << at) });
    fc.assert(
      fc.property(seed, fc.uint8Array({ maxLength: 64 }), bit, (secret, bytes, where) => {
        const { publicKey, sign } = nativeEd25519.createEd25519Signer(secret);
        const signature = sign(bytes);
        expect(verdicts({ bytes, publicKey, signature })).toEqual([true, true]);
        expect(verdicts({ bytes, publicKey, signature: flipped(signature, where) })).toEqual([false, false]);
        expect(verdicts({ bytes, publicKey, signature: withGroupOrderAdded(signature, 1n) })).toEqual([false, false]);
        const otherKey = flipped(publicKey, { ...where, byte: where.byte % 32 });
        expect(verdicts({ bytes, publicKey: otherKey, signature })).toEqual([false, false]);
        expect(verdicts({ bytes: Uint8Array.of(...bytes, 0), publicKey, signature })).toEqual([false, false]);
      }),
      { numRuns: 20 },
    );
    const noise = fc.uint8Array({ minLength: 30, maxLength: 66 });
    fc.assert(
      fc.property(noise, noise, (publicKey, signature) => {
        expect(verdicts({ bytes: publicKey, publicKey, signature })).toEqual([false, false]);
      }),
    );
  });
});

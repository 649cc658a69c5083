import { expect, test } from 'bun:test';
import { eventHash, hashString, sha256, sha256Hex } from './sha256.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

// FIPS 180-4 examples: the empty message, one block, two blocks.
const examples = [
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
] as const;

test.each(examples)('SHA-256 of %p', (text, hex) => {
  const bytes = bytesOf(text);
  expect(sha256Hex(bytes)).toBe(hex);
  expect(sha256(bytes).toHex()).toBe(hex);
  expect(hashString(bytes)).toBe(`sha256:${hex}`);
  expect(eventHash(bytes)).toBe(`sha256:${hex}`);
});

test('a digest is 32 bytes of its own', () => {
  const digest = sha256(bytesOf('abc'));
  expect(digest.constructor).toBe(Uint8Array);
  expect(digest.buffer.byteLength).toBe(32);
});

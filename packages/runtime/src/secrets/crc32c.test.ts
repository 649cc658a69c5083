import { describe, expect, test } from 'bun:test';
import { crc32c } from './crc32c.ts';

describe('crc32c', () => {
  // RFC 3720 appendix B.4, and the usual check value.
  const vectors: [string, Uint8Array, number][] = [
    ['the check value', new TextEncoder().encode('123456789'), 0xe3069283],
    ['nothing', new Uint8Array(), 0],
    ['32 zeros', new Uint8Array(32), 0x8a9136aa],
    ['32 ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['32 ascending', Uint8Array.from({ length: 32 }, (_, index) => index), 0x46dd794e],
    ['32 descending', Uint8Array.from({ length: 32 }, (_, index) => 31 - index), 0x113fdb5c],
  ];
  test.each(vectors)('of %s', (_what, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });
});

/** CRC-32C (Castagnoli, RFC 3385 and RFC 9260 appendix A) of bytes, as an unsigned 32-bit integer. */
export function crc32c(bytes: Uint8Array): number {
  let register = 0xffff_ffff;
  for (const byte of bytes) register = (register >>> 8) ^ (table[(register ^ byte) & 0xff] ?? 0);
  return (register ^ 0xffff_ffff) >>> 0;
}

const reversedPolynomial = 0x82f6_3b78;

const table: Uint32Array = Uint32Array.from({ length: 256 }, (_, index) => {
  let entry = index;
  for (let bit = 0; bit < 8; bit += 1) entry = (entry >>> 1) ^ ((entry & 1) === 0 ? 0 : reversedPolynomial);
  return entry;
});

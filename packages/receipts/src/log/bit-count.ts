/** The number of binary digits of a natural number; none for zero. */
export function bitLength(number: bigint): number {
  return number === 0n ? 0 : number.toString(2).length;
}

/** The number of zeros at the end of the binary form of a natural number; none for zero. */
export function trailingZeros(number: bigint): bigint {
  return number === 0n ? 0n : trailingOnes(number - 1n);
}

/** The number of ones at the end of the binary form of a natural number. */
export function trailingOnes(number: bigint): bigint {
  let count = 0n;
  while (((number >> count) & 1n) === 1n) count += 1n;
  return count;
}

/** The number of ones in the binary form of a natural number. */
export function bitCount(number: bigint): number {
  return number.toString(2).replaceAll('0', '').length;
}

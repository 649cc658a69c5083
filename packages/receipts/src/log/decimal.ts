const decimalPattern = /^(?:0|[1-9]\d{0,18})$/;

/**
 * The number that ASCII digits without leading zeros stand for, when it is at most `max`; otherwise undefined. Lossless:
 * sizes and indexes of a log exceed 2^53. At most nineteen digits are read, enough for 2^63 - 1.
 */
export function parseDecimal(input: { readonly text: string; readonly max: bigint }): bigint | undefined {
  if (!decimalPattern.test(input.text)) return undefined;
  const number = BigInt(input.text);
  return number <= input.max ? number : undefined;
}

import { timingSafeEqual } from 'node:crypto';

/**
 * The index of the first secret whose MAC was presented. Compares every pair, even after a match. All MACs are 32
 * bytes, as `timingSafeEqual` needs.
 */
export function findMatchingSecret(macs: {
  readonly expected: readonly Uint8Array[];
  readonly presented: readonly Uint8Array[];
}): number | undefined {
  let secretIndex: number | undefined;
  macs.expected.forEach((expected, index) => {
    for (const presented of macs.presented) {
      const matches = timingSafeEqual(expected, presented);
      if (matches) secretIndex ??= index;
    }
  });
  return secretIndex;
}

import { bitLength } from './bit-count.ts';
import { treeSizeMax } from './log-limits.ts';
import type { LeafRange } from './subtree.ts';

/**
 * The ranges whose hashes are the inclusion proof of a leaf, from the leaf's sibling up to the root's child
 * (RFC 9162 section 2.1.3.1). Throws RangeError unless `0 <= leafIndex < treeSize <= treeSizeMax`.
 */
export function inclusionProofRanges(input: {
  readonly leafIndex: bigint;
  readonly treeSize: bigint;
}): readonly LeafRange[] {
  const { leafIndex, treeSize } = input;
  if (leafIndex < 0n || leafIndex >= treeSize || treeSize > treeSizeMax) {
    throw new RangeError(`no leaf ${leafIndex} in a tree of ${treeSize}`);
  }
  const ranges: LeafRange[] = [];
  let [start, end] = [0n, treeSize];
  while (end - start > 1n) {
    const middle = start + largestPowerBelow(end - start);
    const isLeft = leafIndex < middle;
    ranges.push(isLeft ? { start: middle, end } : { start, end: middle });
    if (isLeft) end = middle;
    else start = middle;
  }
  return ranges.toReversed();
}

/**
 * The ranges whose hashes are the consistency proof between two sizes (RFC 9162 section 2.1.4.1); none when the sizes are
 * equal. Throws RangeError unless `0 < size1 <= size2 <= treeSizeMax`: from the empty tree there is nothing to prove.
 */
export function consistencyProofRanges(input: {
  readonly size1: bigint;
  readonly size2: bigint;
}): readonly LeafRange[] {
  const { size1, size2 } = input;
  if (size1 <= 0n || size1 > size2 || size2 > treeSizeMax) throw new RangeError(`no proof from ${size1} to ${size2}`);
  const ranges: LeafRange[] = [];
  let [start, end] = [0n, size2];
  while (size1 !== end) {
    const middle = start + largestPowerBelow(end - start);
    const isLeft = size1 <= middle;
    ranges.push(isLeft ? { start: middle, end } : { start, end: middle });
    if (isLeft) end = middle;
    else start = middle;
  }
  // The first tree as a whole is known to whoever checks the proof; any other common subtree has to be given.
  if (start > 0n) ranges.push({ start, end });
  return ranges.toReversed();
}

/** The largest power of two below a number greater than one: `k` of RFC 9162 section 2.1.1. */
function largestPowerBelow(number: bigint): bigint {
  return 1n << BigInt(bitLength(number - 1n) - 1);
}

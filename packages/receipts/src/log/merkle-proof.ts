import { completeSubtreeHash, foldSubtrees } from './merkle-hash.ts';
import { hashBytes } from './log-limits.ts';
import { consistencyProofRanges, inclusionProofRanges } from './proof-ranges.ts';
import { rangeHash, rangeHashes, type SubtreeReader } from './subtree.ts';

/** The root over leaf hashes, in their order (RFC 9162 section 2.1.1). Takes time in proportion to their number. */
export function rootHash(leafHashes: readonly Uint8Array[]): Uint8Array {
  const root = rangeHash({ start: 0n, end: BigInt(leafHashes.length) }, subtreesOf(leafHashes));
  return root ?? foldSubtrees([]);
}

/**
 * The inclusion proof of a leaf in the tree over leaf hashes (RFC 9162 section 2.1.3.1), from the leaf's sibling up.
 * Throws RangeError when there is no such leaf. For a large tree use `inclusionProofFromTiles`.
 */
export function inclusionProof(input: {
  readonly leafIndex: bigint;
  readonly leafHashes: readonly Uint8Array[];
}): readonly Uint8Array[] {
  const { leafIndex, leafHashes } = input;
  const ranges = inclusionProofRanges({ leafIndex, treeSize: BigInt(leafHashes.length) });
  return rangeHashes(ranges, subtreesOf(leafHashes)) ?? [];
}

/**
 * The consistency proof between the tree over the first `size1` leaf hashes and that over all (RFC 9162 section 2.1.4.1).
 * Throws RangeError unless `0 < size1 <= leafHashes.length`. For a large tree use `consistencyProofFromTiles`.
 */
export function consistencyProof(input: {
  readonly size1: bigint;
  readonly leafHashes: readonly Uint8Array[];
}): readonly Uint8Array[] {
  const { size1, leafHashes } = input;
  const ranges = consistencyProofRanges({ size1, size2: BigInt(leafHashes.length) });
  return rangeHashes(ranges, subtreesOf(leafHashes)) ?? [];
}

function subtreesOf(leafHashes: readonly Uint8Array[]): SubtreeReader {
  return ({ level, index }) => {
    const width = 2 ** level;
    const first = Number(index) * width;
    const bottom = new Uint8Array(width * hashBytes);
    leafHashes.slice(first, first + width).forEach((hash, position) => bottom.set(hash, position * hashBytes));
    return completeSubtreeHash(bottom);
  };
}

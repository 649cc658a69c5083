import { bitLength } from './bit-count.ts';
import { foldSubtrees } from './merkle-hash.ts';

/** A complete subtree: that over the leaves `[index * 2 ** level, (index + 1) * 2 ** level)`. */
export interface Subtree {
  readonly level: number;
  readonly index: bigint;
}

/** The leaves `[start, end)`, a node of some tree: `start` is a multiple of the smallest power of two that covers it. */
export interface LeafRange {
  readonly start: bigint;
  readonly end: bigint;
}

/** Gives the hash of a complete subtree, or undefined when it is not at hand. */
export type SubtreeReader = (subtree: Subtree) => Uint8Array | undefined;

/** The complete subtrees that make up a range, from left to right, of falling size. An empty range has none. */
export function completeSubtrees(range: LeafRange): readonly Subtree[] {
  const subtrees: Subtree[] = [];
  let start = range.start;
  while (start < range.end) {
    const level = bitLength(range.end - start) - 1;
    subtrees.push({ level, index: start >> BigInt(level) });
    start += 1n << BigInt(level);
  }
  return subtrees;
}

/** The Merkle tree hash of a range (RFC 9162 section 2.1.1), or undefined when a subtree of it is not at hand. */
export function rangeHash(range: LeafRange, readSubtree: SubtreeReader): Uint8Array | undefined {
  const hashes: Uint8Array[] = [];
  for (const subtree of completeSubtrees(range)) {
    const hash = readSubtree(subtree);
    if (hash === undefined) return undefined;
    hashes.push(hash);
  }
  return foldSubtrees(hashes);
}

/** The hashes of several ranges, in their order, or undefined when one is not at hand. */
export function rangeHashes(
  ranges: readonly LeafRange[],
  readSubtree: SubtreeReader,
): readonly Uint8Array[] | undefined {
  const hashes: Uint8Array[] = [];
  for (const range of ranges) {
    const hash = rangeHash(range, readSubtree);
    if (hash === undefined) return undefined;
    hashes.push(hash);
  }
  return hashes;
}

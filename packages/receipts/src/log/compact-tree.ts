import { bitCount } from './bit-count.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { parseDecimal } from './decimal.ts';
import { isHash } from './is-hash.ts';
import { treeSizeMax } from './log-limits.ts';
import { foldSubtrees, nodeHash } from './merkle-hash.ts';

/**
 * All that is needed to extend a tree: its size, and the hashes of the complete subtrees that it is made of, from left to
 * right. There is one for each binary one of the size, so 62 at most, however many leaves there are.
 */
export interface CompactTree {
  readonly size: bigint;
  readonly hashes: readonly Uint8Array[];
}

/** The tree without leaves. */
export const emptyCompactTree: CompactTree = { size: 0n, hashes: [] };

/**
 * The tree after further leaf hashes, in their order; the given one stays as it is. Throws TypeError for a hash that is
 * not 32 bytes and RangeError beyond `treeSizeMax` leaves: bugs in the caller.
 */
export function appendLeafHashes(tree: CompactTree, leafHashes: readonly Uint8Array[]): CompactTree {
  if (tree.size + BigInt(leafHashes.length) > treeSizeMax) throw new RangeError(`more than ${treeSizeMax} leaves`);
  const hashes = [...tree.hashes];
  let { size } = tree;
  for (const leafHash of leafHashes) {
    if (!isHash(leafHash)) throw new TypeError('a leaf hash has 32 bytes');
    let hash = leafHash;
    // Like a carry in binary addition: each complete subtree of the same size on the left becomes part of this one.
    for (let carry = size; (carry & 1n) === 1n; carry >>= 1n) {
      const left = hashes.pop();
      if (left === undefined) throw new TypeError('the tree has fewer subtrees than its size says');
      hash = nodeHash({ left, right: hash });
    }
    hashes.push(hash);
    size += 1n;
  }
  return { size, hashes };
}

/** The root of the tree (RFC 9162 section 2.1.1). */
export function compactTreeRoot(tree: CompactTree): Uint8Array {
  return foldSubtrees(tree.hashes);
}

/** The tree as text: its size, then each hash in base64, each on a line of its own. */
export function formatCompactTree(tree: CompactTree): string {
  return [`${tree.size}`, ...tree.hashes.map(encodeBase64), ''].join('\n');
}

/** Reads `formatCompactTree`'s text. Undefined when it is malformed, or has not one hash for each subtree of its size. */
export function parseCompactTree(text: string): CompactTree | undefined {
  const lines = text.split('\n', 65);
  if (lines.pop() !== '') return undefined;
  const [first = '', ...encoded] = lines;
  const size = parseDecimal({ text: first, max: treeSizeMax });
  if (size === undefined || encoded.length !== bitCount(size)) return undefined;
  const hashes = encoded.map(decodeBase64);
  return hashes.every(isHash) ? { size, hashes } : undefined;
}

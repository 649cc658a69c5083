import { trailingZeros } from './bit-count.ts';
import { bytesEqual, isHash, isProof } from './is-hash.ts';
import { treeSizeMax } from './log-limits.ts';
import { nodeHash } from './merkle-hash.ts';

/**
 * True when `proof` shows that `leafHash` is leaf number `leafIndex`, counted from zero, of the tree of `treeSize` leaves
 * with that root (RFC 9162 section 2.1.3.2). Each hash must have 32 bytes, and the size at most `treeSizeMax`.
 * Never throws: whatever is malformed proves nothing.
 */
export function verifyInclusion(input: {
  readonly leafIndex: bigint;
  readonly treeSize: bigint;
  readonly leafHash: Uint8Array;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}): boolean {
  const { leafIndex, treeSize, leafHash, proof, root } = input;
  if (typeof leafIndex !== 'bigint' || typeof treeSize !== 'bigint') return false;
  if (leafIndex < 0n || leafIndex >= treeSize || treeSize > treeSizeMax) return false;
  if (!isHash(leafHash) || !isHash(root) || !isProof(proof)) return false;
  let [position, last, hash] = [leafIndex, treeSize - 1n, leafHash];
  for (const sibling of proof) {
    if (last === 0n) return false;
    const isRight = (position & 1n) === 1n || position === last;
    hash = isRight ? nodeHash({ left: sibling, right: hash }) : nodeHash({ left: hash, right: sibling });
    // At the ragged right edge a node is passed up through the levels at which it has no sibling.
    const levels = isRight ? 1n + trailingZeros(position) : 1n;
    position >>= levels;
    last >>= levels;
  }
  return last === 0n && bytesEqual({ left: hash, right: root });
}

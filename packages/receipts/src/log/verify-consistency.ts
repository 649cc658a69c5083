import { trailingOnes, trailingZeros } from './bit-count.ts';
import { bytesEqual, isHash, isProof } from './is-hash.ts';
import { treeSizeMax } from './log-limits.ts';
import { emptyRootHash, nodeHash } from './merkle-hash.ts';

/** Two trees of one log, the proof between them, and their roots. */
export interface ConsistencyClaim {
  readonly size1: bigint;
  readonly size2: bigint;
  readonly root1: Uint8Array;
  readonly root2: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/**
 * True when `proof` shows that the tree of `size1` leaves is a prefix of that of `size2` (RFC 9162 section 2.1.4.2).
 * Equal sizes need equal roots and no proof. From size 0 to a greater one it is false: every tree extends the empty one,
 * so nothing would be shown about root2. `verifyCheckpointUpdate` has the rule of tlog-witness for size 0. Never throws.
 */
export function verifyConsistency(input: ConsistencyClaim): boolean {
  const { size1, size2, root1, root2, proof } = input;
  if (typeof size1 !== 'bigint' || typeof size2 !== 'bigint') return false;
  if (size1 < 0n || size1 > size2 || size2 > treeSizeMax) return false;
  if (!isHash(root1) || !isHash(root2) || !isProof(proof)) return false;
  if (size1 === size2) {
    if (proof.length > 0 || !bytesEqual({ left: root1, right: root2 })) return false;
    return size1 > 0n || bytesEqual({ left: root1, right: emptyRootHash() });
  }
  return size1 > 0n && leadsToBothRoots({ size1, size2, root1, root2, proof });
}

function leadsToBothRoots({ size1, size2, root1, root2, proof }: ConsistencyClaim): boolean {
  const isComplete = (size1 & (size1 - 1n)) === 0n;
  // The proof begins with the largest complete subtree at the end of the first tree, unless that is the tree itself.
  const [start, ...rest] = isComplete ? [root1, ...proof] : proof;
  if (start === undefined || rest.length === 0) return false;
  const skipped = trailingOnes(size1 - 1n);
  let [position, last] = [(size1 - 1n) >> skipped, (size2 - 1n) >> skipped];
  let [hash1, hash2] = [start, start];
  for (const sibling of rest) {
    if (last === 0n) return false;
    const isRight = (position & 1n) === 1n || position === last;
    if (isRight) hash1 = nodeHash({ left: sibling, right: hash1 });
    hash2 = isRight ? nodeHash({ left: sibling, right: hash2 }) : nodeHash({ left: hash2, right: sibling });
    const levels = isRight ? 1n + trailingZeros(position) : 1n;
    position >>= levels;
    last >>= levels;
  }
  return last === 0n && bytesEqual({ left: hash1, right: root1 }) && bytesEqual({ left: hash2, right: root2 });
}

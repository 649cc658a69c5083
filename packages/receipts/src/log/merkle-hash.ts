import { sha256 } from './sha256-native.ts';
import { hashBytes } from './log-limits.ts';

const leafPrefix = 0x00;
const nodePrefix = 0x01;

/** The hash of a leaf's bytes: SHA-256(0x00 || leaf) (RFC 9162 section 2.1.1, RFC 6962 section 2.1). */
export function leafHash(leaf: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + leaf.length);
  input[0] = leafPrefix;
  input.set(leaf, 1);
  return sha256(input);
}

/** The hash of an inner node from the hashes of its children: SHA-256(0x01 || left || right) (RFC 9162 section 2.1.1). */
export function nodeHash(children: { readonly left: Uint8Array; readonly right: Uint8Array }): Uint8Array {
  const { left, right } = children;
  const input = new Uint8Array(1 + left.length + right.length);
  input[0] = nodePrefix;
  input.set(left, 1);
  input.set(right, 1 + left.length);
  return sha256(input);
}

/** The root of the tree without leaves: the SHA-256 of nothing (RFC 9162 section 2.1.1). Always fresh bytes. */
export function emptyRootHash(): Uint8Array {
  return sha256(new Uint8Array(0));
}

/** The root over complete subtrees of falling size, from left to right: the last two are joined first. */
export function foldSubtrees(hashes: readonly Uint8Array[]): Uint8Array {
  const last = hashes.at(-1);
  if (last === undefined) return emptyRootHash();
  return hashes.slice(0, -1).reduceRight((right, left) => nodeHash({ left, right }), Uint8Array.from(last));
}

/** The hash of a complete subtree over its `2 ** n` hashes at one lower level, which stand one after the other. */
export function completeSubtreeHash(hashes: Uint8Array): Uint8Array {
  let level = hashes;
  while (level.length > hashBytes) {
    const above = new Uint8Array(level.length / 2);
    for (let offset = 0; offset < level.length; offset += 2 * hashBytes) {
      const left = level.subarray(offset, offset + hashBytes);
      const right = level.subarray(offset + hashBytes, offset + 2 * hashBytes);
      above.set(nodeHash({ left, right }), offset / 2);
    }
    level = above;
  }
  return Uint8Array.from(level);
}

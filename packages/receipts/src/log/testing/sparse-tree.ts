import { leafHash, nodeHash } from '../merkle-hash.ts';
import { rangeHash, rangeHashes, type LeafRange, type SubtreeReader } from '../subtree.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

export const commonLeaf = leafHash(text('common'));
export const rareLeaf = leafHash(text('rare'));

/**
 * A tree far too large to store, in which every leaf is the same but one. Subtrees of equal leaves are equal, so one hash
 * for each level stands for all of them.
 */
export class SparseTree {
  readonly #rareIndex: bigint;
  readonly #uniform: Uint8Array[] = [commonLeaf];

  constructor(rareIndex: bigint) {
    this.#rareIndex = rareIndex;
    for (let level = 1; level <= 62; level += 1) {
      const below = this.#uniform[level - 1] ?? commonLeaf;
      this.#uniform.push(nodeHash({ left: below, right: below }));
    }
  }

  readonly readSubtree: SubtreeReader = ({ level, index }) => this.#subtree(level, index);

  root(size: bigint): Uint8Array {
    return rangeHash({ start: 0n, end: size }, this.readSubtree) ?? new Uint8Array(0);
  }

  proof(ranges: readonly LeafRange[]): readonly Uint8Array[] {
    return rangeHashes(ranges, this.readSubtree) ?? [];
  }

  #subtree(level: number, index: bigint): Uint8Array {
    if (this.#rareIndex >> BigInt(level) !== index) return this.#uniform[level] ?? new Uint8Array(0);
    if (level === 0) return rareLeaf;
    return nodeHash({
      left: this.#subtree(level - 1, index * 2n),
      right: this.#subtree(level - 1, index * 2n + 1n),
    });
  }
}

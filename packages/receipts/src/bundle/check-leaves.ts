import { appendLeafHashes, type CompactTree, compactTreeRoot } from '../log/compact-tree.ts';
import { bitCount } from '../log/bit-count.ts';
import type { Checkpoint } from '../log/checkpoint.ts';
import { bytesEqual } from '../log/is-hash.ts';
import { type LogPolicy, verifyCheckpoint } from '../log/verify-checkpoint.ts';
import { verifyConsistency } from '../log/verify-consistency.ts';
import type { BundleHeader } from './bundle-format.ts';
import { leafHashesAtOnce } from './bundle-limits.ts';
import type { BundleSummary, FindingList } from './check-state.ts';
import type { ReadLine } from './read-bundle-line.ts';

/** A checkpoint that holds: the log signed it, and the leaves lead to its root. */
export interface VerifiedCheckpoint {
  readonly note: string;
  readonly checkpoint: Checkpoint;
  readonly witnesses: readonly string[];
}

/** Follows the tree of the log from leaf to leaf, in constant memory, and compares it with what the log signed. */
export interface LeafCheck {
  begin(line: Extract<ReadLine, { kind: 'tree' }>): void;
  consistency(line: Extract<ReadLine, { kind: 'consistency' }>): void;
  leaf(leafIndex: number, hash: Uint8Array): void;
  checkpoint(line: Extract<ReadLine, { kind: 'checkpoint' }>): void;
  /** The last checkpoint that holds, after everything that was still due has been looked at. */
  finish(): VerifiedCheckpoint | null;
  /** Whether the log is shown to extend the one that was remembered; null where none was. */
  extendsRemembered(): boolean | null;
}

export interface LeafCheckParts {
  readonly header: Omit<BundleHeader, 'format'>;
  readonly policy: LogPolicy;
  readonly remembered: Checkpoint | null;
  readonly list: FindingList;
  readonly summary: BundleSummary;
}

export function createLeafCheck({ header, policy, remembered, list, summary }: LeafCheckParts): LeafCheck {
  let tree: CompactTree = { size: 0n, hashes: [] };
  let waiting: Uint8Array[] = [];
  let next = header.firstLeaf;
  /** After a hole or a wrong root nothing that follows can lead to a root that was signed. */
  let isBroken = false;
  let proof: Extract<ReadLine, { kind: 'consistency' }> | null = null;
  // Every log extends the empty one.
  let isRememberedOnTheWay = remembered?.size === 0n;
  let last: VerifiedCheckpoint | null = null;

  function root(): Uint8Array {
    tree = appendLeafHashes(tree, waiting);
    waiting = [];
    return compactTreeRoot(tree);
  }

  function lookAtRemembered(): void {
    if (remembered === null || remembered.size !== BigInt(next) || isBroken || next === 0) return;
    if (bytesEqual({ left: root(), right: remembered.root })) isRememberedOnTheWay = true;
    else forked();
  }

  function forked(): void {
    isBroken = true;
    const detail = `of size ${remembered?.size} another root was remembered`;
    list.add({ code: 'forked', field: 'hash', detail });
  }

  function begin(line: Extract<ReadLine, { kind: 'tree' }>): void {
    if (line.size !== header.firstLeaf || line.hashes.length !== bitCount(BigInt(line.size))) {
      isBroken = true;
      return list.add({ code: 'malformed_line', field: 'hashes', detail: 'not the tree before the first leaf' });
    }
    tree = { size: BigInt(line.size), hashes: line.hashes };
    lookAtRemembered();
  }

  function leaf(leafIndex: number, hash: Uint8Array): void {
    if (leafIndex < next) {
      return list.add({ code: 'leaf_repeated', leafIndex, field: 'leafIndex', detail: `${next} was due` });
    }
    if (leafIndex > next) {
      isBroken = true;
      const detail = leafIndex === next + 1 ? `leaf ${next}` : `leaves ${next} to ${leafIndex - 1}`;
      list.add({ code: 'leaf_missing', leafIndex: next, field: 'leafIndex', detail });
    }
    next = leafIndex + 1;
    if (isBroken) return;
    waiting.push(hash);
    if (waiting.length >= leafHashesAtOnce) root();
    lookAtRemembered();
  }

  function checkpoint({ note }: Extract<ReadLine, { kind: 'checkpoint' }>): void {
    const verified = verifyCheckpoint({ note, policy });
    if (!verified.ok) {
      return list.add({ code: 'checkpoint_refused', field: 'note', detail: `${verified.code}: ${verified.detail}` });
    }
    const { size } = verified.checkpoint;
    if (size !== BigInt(next)) {
      const detail = `a checkpoint of ${size} leaves stands behind leaf ${next - 1}`;
      return list.add({ code: 'checkpoint_misplaced', field: 'note', detail });
    }
    if (isBroken) return;
    if (!bytesEqual({ left: root(), right: verified.checkpoint.root })) {
      isBroken = true;
      const from = last?.checkpoint.size ?? BigInt(header.firstLeaf);
      const detail = `something is different among the leaves from ${from} up to ${size}`;
      return list.add({ code: 'root_mismatch', leafIndex: Number(from), field: 'note', detail });
    }
    summary.checkpoints += 1;
    last = { note, checkpoint: verified.checkpoint, witnesses: verified.witnesses.map(({ name }) => name) };
  }

  function finish(): VerifiedCheckpoint | null {
    if (next < header.treeSize) {
      const detail = `leaves ${next} to ${header.treeSize - 1}`;
      list.add({ code: 'leaf_missing', leafIndex: next, field: 'leafIndex', detail });
    }
    const reachesEnd = last?.checkpoint.size === BigInt(header.treeSize);
    if (!reachesEnd && !isBroken) {
      list.add({ code: 'checkpoint_missing', field: 'note', detail: `none of ${header.treeSize} leaves holds` });
    }
    if (remembered !== null) lookBack(remembered);
    return last;
  }

  function lookBack(before: Checkpoint): void {
    if (before.origin !== header.origin) {
      return list.add({ code: 'wrong_origin', field: 'origin', detail: `${before.origin} was remembered` });
    }
    if (before.size > BigInt(header.treeSize)) {
      const detail = `${before.size} leaves were remembered, and the bundle ends at ${header.treeSize}`;
      return list.add({ code: 'rolled_back', field: 'treeSize', detail });
    }
    if (before.size >= BigInt(header.firstLeaf) || last === null) return;
    if (proof === null || BigInt(proof.size1) !== before.size || proof.size2 !== header.treeSize) {
      const detail = `it begins at leaf ${header.firstLeaf}, and ${before.size} leaves were remembered`;
      return list.add({ code: 'remembered_unreachable', field: 'firstLeaf', detail });
    }
    const { size: size2, root: root2 } = last.checkpoint;
    const claim = { size1: before.size, root1: before.root, size2, root2, proof: proof.proof };
    if (verifyConsistency(claim)) isRememberedOnTheWay = true;
    else forked();
  }

  return {
    begin,
    leaf,
    checkpoint,
    finish,
    consistency(line) {
      proof = line;
    },
    extendsRemembered: () =>
      remembered && isRememberedOnTheWay && !isBroken && last?.checkpoint.size === BigInt(header.treeSize),
  };
}

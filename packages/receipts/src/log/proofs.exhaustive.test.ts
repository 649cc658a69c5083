import { describe, expect, test } from 'bun:test';
import { appendLeafHashes, compactTreeRoot, emptyCompactTree } from './compact-tree.ts';
import { leafHash } from './merkle-hash.ts';
import { consistencyProof, inclusionProof, rootHash } from './merkle-proof.ts';
import { consistencyProofRanges, inclusionProofRanges } from './proof-ranges.ts';
import { NaiveTree, sampleLeaves } from './testing/naive-tree.ts';
import { commonLeaf, rareLeaf, SparseTree } from './testing/sparse-tree.ts';
import { verifyConsistency } from './verify-consistency.ts';
import { verifyInclusion } from './verify-inclusion.ts';

const sizeMax = 130;
const leaves = sampleLeaves(sizeMax);
const leafHashes = leaves.map(leafHash);
const naive = new NaiveTree(leaves);
const joined = (hashes: readonly Uint8Array[]): string => hashes.map((hash) => hash.toHex()).join();

describe(`against the definitions of RFC 9162, for each size up to ${sizeMax}`, () => {
  test('roots, from a list and from a compact tree', () => {
    let tree = emptyCompactTree;
    for (let size = 0; size <= sizeMax; size += 1) {
      const root = naive.hash(0, size).toHex();
      expect(rootHash(leafHashes.slice(0, size)).toHex()).toBe(root);
      expect(compactTreeRoot(tree).toHex()).toBe(root);
      tree = appendLeafHashes(tree, leafHashes.slice(size, size + 1));
    }
  });

  test('each inclusion proof is the one that is defined, and verifies', () => {
    let proofs = 0;
    for (let size = 1; size <= sizeMax; size += 1) {
      const treeSize = BigInt(size);
      const root = naive.hash(0, size);
      for (const [index, leaf] of leafHashes.slice(0, size).entries()) {
        const leafIndex = BigInt(index);
        const proof = inclusionProof({ leafIndex, leafHashes: leafHashes.slice(0, size) });
        if (joined(proof) !== joined(naive.path(index, 0, size))) throw new Error(`path ${index} of ${size}`);
        if (!verifyInclusion({ leafIndex, treeSize, leafHash: leaf, proof, root })) throw new Error('does not verify');
        proofs += 1;
      }
    }
    expect(proofs).toBe((sizeMax * (sizeMax + 1)) / 2);
  });

  test('each consistency proof is the one that is defined, and verifies', () => {
    let proofs = 0;
    for (let size = 1; size <= sizeMax; size += 1) {
      for (let before = 1; before <= size; before += 1) {
        const claim = { size1: BigInt(before), size2: BigInt(size) };
        const proof = consistencyProof({ size1: claim.size1, leafHashes: leafHashes.slice(0, size) });
        if (joined(proof) !== joined(naive.subproof(before, 0, size, true))) throw new Error(`${before} to ${size}`);
        const roots = { root1: naive.hash(0, before), root2: naive.hash(0, size) };
        if (!verifyConsistency({ ...claim, ...roots, proof })) throw new Error('does not verify');
        proofs += 1;
      }
    }
    expect(proofs).toBe((sizeMax * (sizeMax + 1)) / 2);
  });
});

describe('what a proof binds, for each size up to 24', () => {
  const small = 24;

  test('a proof of one leaf proves no other leaf, and no other index', () => {
    let refused = 0;
    for (let size = 1; size <= small; size += 1) {
      const treeSize = BigInt(size);
      const root = naive.hash(0, size);
      for (let index = 0; index < size; index += 1) {
        const proof = naive.path(index, 0, size);
        for (let other = 0; other <= size; other += 1) {
          if (other === index) continue;
          const claim = { treeSize, root, proof };
          const leaf = leafHashes[index] ?? new Uint8Array(0);
          const otherLeaf = leafHashes[other] ?? new Uint8Array(0);
          expect(verifyInclusion({ ...claim, leafIndex: BigInt(other), leafHash: leaf })).toBe(false);
          expect(verifyInclusion({ ...claim, leafIndex: BigInt(index), leafHash: otherLeaf })).toBe(false);
          refused += 1;
        }
      }
    }
    expect(refused).toBeGreaterThan(4000);
  });

  test('a consistency proof from one size proves none from another', () => {
    let refused = 0;
    for (let size = 2; size <= small; size += 1) {
      const root2 = naive.hash(0, size);
      for (let before = 1; before < size; before += 1) {
        const proof = naive.subproof(before, 0, size, true);
        for (let other = 0; other <= size + 1; other += 1) {
          if (other === before) continue;
          const claim = { size1: BigInt(other), size2: BigInt(size), root2, proof };
          expect(verifyConsistency({ ...claim, root1: naive.hash(0, before) })).toBe(false);
          expect(verifyConsistency({ ...claim, root1: naive.hash(0, other) })).toBe(false);
          refused += 1;
        }
      }
    }
    expect(refused).toBeGreaterThan(4000);
  });

  test('a path that goes on beyond the root proves nothing, also where it leads to a greater root', () => {
    const [left = rareLeaf, right = rareLeaf] = leafHashes;
    const claim = { leafIndex: 0n, treeSize: 1n, leafHash: right, proof: [left], root: naive.hash(0, 2) };
    expect(verifyInclusion({ ...claim, leafIndex: 1n, treeSize: 2n })).toBe(true);
    expect(verifyInclusion(claim)).toBe(false);
  });

  // RFC 9162 binds the size by the signed tree head. Verifiers must take it from there and never from the proof.
  test('the size is bound by its signature and not by the path, as far as the shape of the path allows', () => {
    const claim = {
      leafIndex: 0n,
      leafHash: leafHashes[0] ?? rareLeaf,
      proof: naive.path(0, 0, 8),
      root: naive.hash(0, 8),
    };
    const accepted = Array.from({ length: small }, (_, size) => size).filter((size) =>
      verifyInclusion({ ...claim, treeSize: BigInt(size) }),
    );
    expect(accepted).toEqual([5, 6, 7, 8]);
  });
});

describe('sizes beyond 2^53', () => {
  const near = 2n ** 53n;
  const tree = new SparseTree(near + 1n);

  test.each([
    { size: near + 2n },
    { size: near + 3n },
    { size: 2n ** 60n + 12_345n },
    { size: 2n ** 62n - 1n },
    { size: 2n ** 62n },
  ])('the one rare leaf has its own index and no other in a tree of $size', ({ size }) => {
    const proof = tree.proof(inclusionProofRanges({ leafIndex: near + 1n, treeSize: size }));
    const claim = { treeSize: size, root: tree.root(size), proof };
    expect(proof.length).toBeLessThanOrEqual(63);
    expect(verifyInclusion({ ...claim, leafIndex: near + 1n, leafHash: rareLeaf })).toBe(true);
    expect(verifyInclusion({ ...claim, leafIndex: near, leafHash: rareLeaf })).toBe(false);
    expect(verifyInclusion({ ...claim, leafIndex: near + 2n, leafHash: rareLeaf })).toBe(false);
    expect(verifyInclusion({ ...claim, leafIndex: near + 1n, leafHash: commonLeaf })).toBe(false);
  });

  test('consistency across the first size that a double cannot hold', () => {
    for (const size1 of [1n, near - 1n, near, near + 1n, near + 2n, 2n ** 61n + 7n]) {
      for (const size2 of [near + 3n, 2n ** 61n + 8n, 2n ** 62n - 1n, 2n ** 62n]) {
        if (size1 > size2) continue;
        const proof = tree.proof(consistencyProofRanges({ size1, size2 }));
        const claim = { size1, size2, root1: tree.root(size1), root2: tree.root(size2), proof };
        expect(proof.length).toBeLessThanOrEqual(63);
        expect(verifyConsistency(claim)).toBe(true);
        expect(verifyConsistency({ ...claim, size1: size1 + 1n })).toBe(false);
        expect(verifyConsistency({ ...claim, size1: size1 - 1n })).toBe(false);
      }
    }
  });

  test('beyond 2^62 nothing is proven', () => {
    const size = 2n ** 62n + 1n;
    const claim = { size1: size, size2: size, root1: commonLeaf, root2: commonLeaf, proof: [] };
    expect(verifyConsistency({ ...claim, size1: 2n ** 62n, size2: 2n ** 62n })).toBe(true);
    expect(verifyConsistency(claim)).toBe(false);
    expect(() => inclusionProofRanges({ leafIndex: 0n, treeSize: size })).toThrow(RangeError);
    expect(() => consistencyProofRanges({ size1: 1n, size2: size })).toThrow(RangeError);
  });
});

describe('what cannot be proven is a bug to ask for', () => {
  test('leaves that are not there, and sizes that are none', () => {
    expect(() => inclusionProof({ leafIndex: 3n, leafHashes: leafHashes.slice(0, 3) })).toThrow(RangeError);
    expect(() => inclusionProof({ leafIndex: -1n, leafHashes: leafHashes.slice(0, 3) })).toThrow(RangeError);
    expect(() => consistencyProof({ size1: 0n, leafHashes: leafHashes.slice(0, 3) })).toThrow(RangeError);
    expect(() => consistencyProof({ size1: 4n, leafHashes: leafHashes.slice(0, 3) })).toThrow(RangeError);
  });
});

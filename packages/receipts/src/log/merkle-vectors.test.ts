import { describe, expect, test } from 'bun:test';
import { readVectors } from '../testing/read-vectors.ts';
import { appendLeafHashes, compactTreeRoot, emptyCompactTree } from './compact-tree.ts';
import { emptyRootHash, leafHash, nodeHash } from './merkle-hash.ts';
import { consistencyProof, inclusionProof, rootHash } from './merkle-proof.ts';
import {
  additionalInclusions,
  bytesOf,
  corruptConsistencies,
  corruptInclusions,
  fromHex,
  merkleVectors,
  validConsistencies,
  validInclusions,
} from './testing/merkle-probes.ts';
import { verifyConsistency } from './verify-consistency.ts';
import { verifyInclusion } from './verify-inclusion.ts';

const { leaves, levels, roots } = merkleVectors;
const leafHashes = leaves.map((leaf) => leafHash(fromHex(leaf)));
const hexOf = (hashes: readonly Uint8Array[]): string[] => hashes.map((hash) => hash.toHex());

describe('hashes of transparency-dev/merkle', () => {
  test('the constants of its RFC 6962 hasher', () => {
    for (const { what, text = '', left = '', right = '', hash } of merkleVectors.hashing) {
      const made = what === 'leaf' ? leafHash(bytesOf(text)) : nodeHash({ left: bytesOf(left), right: bytesOf(right) });
      expect(made.toHex()).toBe(hash);
    }
    expect(emptyRootHash().toHex()).toBe(roots[0] ?? '');
  });

  test('each node of its tree of eight leaves', () => {
    expect(hexOf(leafHashes)).toEqual([...(levels[0] ?? [])]);
    for (let level = 1; level < levels.length; level += 1) {
      const below = (levels[level - 1] ?? []).map(fromHex);
      const made = below.flatMap((left, index) => {
        const right = below[index + 1];
        return index % 2 === 0 && right !== undefined ? [nodeHash({ left, right })] : [];
      });
      expect(hexOf(made)).toEqual([...(levels[level] ?? [])]);
    }
  });

  test('the root and the frontier at each size', () => {
    for (const [size, root] of roots.entries()) {
      expect(rootHash(leafHashes.slice(0, size)).toHex()).toBe(root);
      const tree = appendLeafHashes(emptyCompactTree, leafHashes.slice(0, size));
      expect(compactTreeRoot(tree).toHex()).toBe(root);
      const frontier = (merkleVectors.frontiers[size] ?? []).map((name) => {
        const [level = 0, index = 0] = name.split('.').map(Number);
        return levels[level]?.[index];
      });
      expect(hexOf(tree.hashes)).toEqual(frontier as string[]);
    }
  });
});

describe('proofs of transparency-dev/merkle', () => {
  test.each([...validInclusions])('inclusion: $name, and no corruption of it', (valid) => {
    expect(verifyInclusion(valid)).toBe(true);
    const made = inclusionProof({
      leafIndex: valid.leafIndex,
      leafHashes: leafHashes.slice(0, Number(valid.treeSize)),
    });
    expect(hexOf(made)).toEqual(hexOf(valid.proof));
    const accepted = corruptInclusions(valid).filter(verifyInclusion);
    expect(accepted.map(({ name }) => name)).toEqual([]);
  });

  test.each([...validConsistencies])('consistency: $name, and no corruption of it', (valid) => {
    expect(verifyConsistency(valid)).toBe(true);
    const made = consistencyProof({ size1: valid.size1, leafHashes: leafHashes.slice(0, Number(valid.size2)) });
    expect(hexOf(made)).toEqual(hexOf(valid.proof));
    const accepted = corruptConsistencies(valid).filter(verifyConsistency);
    expect(accepted.map(({ name }) => name)).toEqual([]);
  });

  test('inclusion in trees that cannot hold the leaf', () => {
    const only = leafHash(bytesOf(merkleVectors.singleEntry.data));
    expect(verifyInclusion({ leafIndex: 0n, treeSize: 1n, leafHash: only, root: only, proof: [] })).toBe(true);
    const accepted = additionalInclusions(only).filter(verifyInclusion);
    expect(accepted.map(({ name }) => name)).toEqual([]);
  });

  test('consistency between impossible, equal and empty trees', () => {
    // Upstream takes any bytes for a root where sizes are equal. Here a root is 32 bytes, so each is hashed as well.
    const ofRoot = (name: string): Uint8Array => (name === 'empty' ? emptyRootHash() : bytesOf(name));
    const results = merkleVectors.additionalConsistency.map((vector) => {
      const claim = { size1: BigInt(vector.size1), size2: BigInt(vector.size2), proof: vector.proof.map(ofRoot) };
      const asGiven = verifyConsistency({ ...claim, root1: ofRoot(vector.root1), root2: ofRoot(vector.root2) });
      const hashed = (name: string): Uint8Array => (name === 'empty' ? emptyRootHash() : leafHash(bytesOf(name)));
      const asHash = verifyConsistency({ ...claim, root1: hashed(vector.root1), root2: hashed(vector.root2) });
      return { ...vector, asGiven, asHash };
    });
    expect(results.filter(({ asGiven }) => asGiven)).toEqual([]);
    // Of the two that upstream accepts, the one of size 0 names a root that the empty tree does not have.
    const accepted = results.filter(({ asHash }) => asHash);
    expect(accepted.map(({ size1, accept }) => ({ size1, accept }))).toEqual([{ size1: '1', accept: true }]);
  });

  test('all 98 files of each kind are run', () => {
    const inclusions = validInclusions.flatMap((valid) => [valid, ...corruptInclusions(valid)]);
    expect(inclusions.length + 1 + additionalInclusions(emptyRootHash()).length).toBe(98);
    const consistencies = validConsistencies.flatMap((valid) => [valid, ...corruptConsistencies(valid)]);
    expect(consistencies.length + merkleVectors.additionalConsistency.length).toBe(98);
  });
});

describe('a certificate transparency log, as golang/mod recorded it', () => {
  interface Argon {
    readonly treeSize: string;
    readonly root: string;
    readonly leaf: string;
    readonly inclusion: { readonly leafIndex: string; readonly proof: readonly string[] };
    readonly consistency: { readonly size1: string; readonly root1: string; readonly proof: readonly string[] };
  }
  const argon = readVectors<Argon>('log/argon2020.json');
  const fromBase64 = (text: string): Uint8Array => Uint8Array.fromBase64(text);
  const treeSize = BigInt(argon.treeSize);
  const root = fromBase64(argon.root);

  test('the inclusion proof of its leaf 10000 among 961984013', () => {
    const claim = {
      leafIndex: BigInt(argon.inclusion.leafIndex),
      treeSize,
      root,
      leafHash: leafHash(fromBase64(argon.leaf)),
      proof: argon.inclusion.proof.map(fromBase64),
    };
    expect(verifyInclusion(claim)).toBe(true);
    expect(corruptInclusions({ ...claim, name: '' }).filter(verifyInclusion)).toEqual([]);
  });

  test('the consistency proof from its size 3654490', () => {
    const claim = {
      size1: BigInt(argon.consistency.size1),
      size2: treeSize,
      root1: fromBase64(argon.consistency.root1),
      root2: root,
      proof: argon.consistency.proof.map(fromBase64),
    };
    expect(verifyConsistency(claim)).toBe(true);
    expect(corruptConsistencies({ ...claim, name: '' }).filter(verifyConsistency)).toEqual([]);
  });
});

import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { verifyCheckpointUpdate } from './add-checkpoint.ts';
import { emptyRootHash, leafHash } from './merkle-hash.ts';
import { flipped, withBitFlipped } from './testing/merkle-probes.ts';
import { NaiveTree, sampleLeaves } from './testing/naive-tree.ts';
import { verifyConsistency } from './verify-consistency.ts';
import { verifyInclusion } from './verify-inclusion.ts';

const sizeMax = 200;
const leaves = sampleLeaves(sizeMax);
const naive = new NaiveTree(leaves);

const inclusion = fc
  .integer({ min: 1, max: sizeMax })
  .chain((size) => fc.record({ size: fc.constant(size), index: fc.integer({ min: 0, max: size - 1 }) }))
  .map(({ size, index }) => ({
    leafIndex: BigInt(index),
    treeSize: BigInt(size),
    leafHash: leafHash(leaves[index] ?? new Uint8Array(0)),
    root: naive.hash(0, size),
    proof: naive.path(index, 0, size),
  }));

const consistency = fc
  .integer({ min: 2, max: sizeMax })
  .chain((size) => fc.record({ size: fc.constant(size), before: fc.integer({ min: 1, max: size - 1 }) }))
  .map(({ size, before }) => ({
    size1: BigInt(before),
    size2: BigInt(size),
    root1: naive.hash(0, before),
    root2: naive.hash(0, size),
    proof: naive.subproof(before, 0, size, true),
  }));

const bit = fc.record({
  byte: fc.integer({ min: 0, max: 31 }),
  mask: fc.integer({ min: 0, max: 7 }).map((at) => 1 << at),
});
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const wrongLength = fc.uint8Array({ maxLength: 80 }).filter(({ length }) => length !== 32);
const anything = fc.anything({
  withBigInt: true,
  withTypedArray: true,
  withSparseArray: true,
  withNullPrototype: true,
});
const lookAlike: unknown = Object.create(Uint8Array.prototype);
// Values of any type, as a caller without types could pass them.
const asAny = <Value>(value: unknown): Value => value as Value;

/** Every way to change a list of hashes: turn a bit, leave one out, put one in, exchange two, cut, or repeat one. */
function changedProofs(proof: readonly Uint8Array[], stray: Uint8Array): fc.Arbitrary<readonly Uint8Array[]> {
  const place = fc.integer({ min: 0, max: Math.max(0, proof.length - 1) });
  const insertion = fc.integer({ min: 0, max: proof.length }).map((at) => proof.toSpliced(at, 0, stray));
  if (proof.length === 0) return insertion;
  // Hashes of one proof differ from each other: they cover different leaves.
  const exchange = fc
    .tuple(place, fc.integer({ min: 1, max: Math.max(1, proof.length - 1) }))
    .map(([left, distance]) => ({ left, right: (left + distance) % proof.length }))
    .map(({ left, right }) => proof.with(left, proof[right] ?? stray).with(right, proof[left] ?? stray));
  return fc.oneof(
    fc.tuple(place, bit).map(([at, where]) => withBitFlipped(proof, { at, ...where })),
    place.map((at) => proof.toSpliced(at, 1)),
    insertion,
    place.map((at) => proof.slice(0, at)),
    place.map((at) => proof.toSpliced(at, 0, proof[at] ?? stray)),
    proof.length > 1 ? exchange : insertion,
    fc.tuple(place, wrongLength).map(([at, bytes]) => proof.with(at, bytes)),
  );
}

describe('a valid inclusion proof', () => {
  test('holds', () => {
    fc.assert(fc.property(inclusion, (claim) => expect(verifyInclusion(claim)).toBe(true)));
  });

  test('fails when its hashes are changed in any way', () => {
    const changed = fc
      .tuple(inclusion, hash)
      .chain(([claim, stray]) => changedProofs(claim.proof, stray).map((proof) => ({ ...claim, proof })));
    fc.assert(
      fc.property(changed, (claim) => expect(verifyInclusion(claim)).toBe(false)),
      { numRuns: 500 },
    );
  });

  test('fails for another leaf, root or index', () => {
    fc.assert(
      fc.property(inclusion, bit, wrongLength, fc.bigInt(), (claim, where, bytes, leafIndex) => {
        expect(verifyInclusion({ ...claim, leafHash: flipped(claim.leafHash, where) })).toBe(false);
        expect(verifyInclusion({ ...claim, root: flipped(claim.root, where) })).toBe(false);
        expect(verifyInclusion({ ...claim, leafHash: bytes })).toBe(false);
        expect(verifyInclusion({ ...claim, root: bytes })).toBe(false);
        fc.pre(leafIndex !== claim.leafIndex);
        expect(verifyInclusion({ ...claim, leafIndex })).toBe(false);
        expect(verifyInclusion({ ...claim, leafIndex: claim.leafIndex + claim.treeSize })).toBe(false);
        expect(verifyInclusion({ ...claim, leafIndex: -claim.leafIndex - 1n })).toBe(false);
      }),
    );
  });

  test('fails for a size with another number of hashes, and for none', () => {
    fc.assert(
      fc.property(inclusion, (claim) => {
        const impossible = [0n, -claim.treeSize, claim.treeSize * 4n, claim.leafIndex, claim.treeSize + 2n ** 62n];
        expect(impossible.filter((treeSize) => verifyInclusion({ ...claim, treeSize }))).toEqual([]);
      }),
    );
  });

  test('fails without an error when any part of it is any value at all', () => {
    fc.assert(
      fc.property(
        inclusion,
        anything,
        fc.constantFrom('leafIndex', 'treeSize', 'leafHash', 'proof', 'root'),
        (claim, value, part) => {
          fc.pre(typeof value !== 'bigint' && !(part === 'proof' && Array.isArray(value) && value.length === 0));
          expect(verifyInclusion(asAny({ ...claim, [part]: value }))).toBe(false);
        },
      ),
    );
    const claim = { leafIndex: 0n, treeSize: 1n, leafHash: leafHash(leaves[0] ?? emptyRootHash()), proof: [] };
    const root = claim.leafHash;
    expect(verifyInclusion({ ...claim, root })).toBe(true);
    expect(verifyInclusion({ ...claim, root: asAny(lookAlike) })).toBe(false);
    expect(verifyInclusion({ ...claim, root, proof: asAny([lookAlike]) })).toBe(false);
    expect(verifyInclusion({ ...claim, root, proof: asAny(Array(1)) })).toBe(false);
    expect(verifyInclusion({ ...claim, root, proof: asAny({ length: 0 }) })).toBe(false);
    expect(verifyInclusion({ ...claim, root, leafIndex: asAny(0) })).toBe(false);
    expect(verifyInclusion({ ...claim, root, proof: Array(1_000_000).fill(root) })).toBe(false);
  });
});

describe('a valid consistency proof', () => {
  test('holds', () => {
    fc.assert(fc.property(consistency, (claim) => expect(verifyConsistency(claim)).toBe(true)));
  });

  test('fails when its hashes are changed in any way', () => {
    const changed = fc
      .tuple(consistency, hash)
      .chain(([claim, stray]) => changedProofs(claim.proof, stray).map((proof) => ({ ...claim, proof })));
    fc.assert(
      fc.property(changed, (claim) => expect(verifyConsistency(claim)).toBe(false)),
      { numRuns: 500 },
    );
  });

  test('fails for other roots and sizes', () => {
    fc.assert(
      fc.property(consistency, bit, wrongLength, fc.bigInt(), (claim, where, bytes, size) => {
        const { size1, size2, root1, root2 } = claim;
        expect(verifyConsistency({ ...claim, root1: flipped(root1, where) })).toBe(false);
        expect(verifyConsistency({ ...claim, root2: flipped(root2, where) })).toBe(false);
        expect(verifyConsistency({ ...claim, root1: bytes })).toBe(false);
        expect(verifyConsistency({ ...claim, root2: bytes })).toBe(false);
        expect(verifyConsistency({ ...claim, root1: root2, root2: root1 })).toBe(false);
        expect(verifyConsistency({ ...claim, size1: size2, size2: size1 })).toBe(false);
        expect(verifyConsistency({ ...claim, size1: size2 })).toBe(false);
        expect(verifyConsistency({ ...claim, size2: size1 })).toBe(false);
        expect(verifyConsistency({ ...claim, size1: 0n })).toBe(false);
        expect(verifyConsistency({ ...claim, size2: size2 * 2n })).toBe(false);
        fc.pre(size !== size1);
        expect(verifyConsistency({ ...claim, size1: size })).toBe(false);
      }),
    );
  });

  test('fails without an error when any part of it is any value at all', () => {
    fc.assert(
      fc.property(
        consistency,
        anything,
        fc.constantFrom('size1', 'size2', 'root1', 'root2', 'proof'),
        (claim, value, part) => {
          fc.pre(typeof value !== 'bigint');
          expect(verifyConsistency(asAny({ ...claim, [part]: value }))).toBe(false);
          expect(verifyCheckpointUpdate(asAny({ ...claim, [part]: value }))).toBe(false);
        },
      ),
    );
  });
});

describe('from the empty tree', () => {
  const root2 = naive.hash(0, 5);
  const claim = { size1: 0n, size2: 5n, root1: emptyRootHash(), root2, proof: [] };

  test('nothing is proven about a greater one', () => {
    expect(verifyConsistency(claim)).toBe(false);
    expect(verifyConsistency({ ...claim, proof: [root2] })).toBe(false);
  });

  test('the empty tree is consistent with itself alone, under its own root alone', () => {
    const empty = { ...claim, size2: 0n, root2: emptyRootHash() };
    expect(verifyConsistency(empty)).toBe(true);
    expect(verifyConsistency({ ...empty, root1: root2, root2 })).toBe(false);
    expect(verifyConsistency({ ...empty, proof: [emptyRootHash()] })).toBe(false);
  });

  test('a witness that saw nothing may go on to any tree, without a proof', () => {
    expect(verifyCheckpointUpdate(claim)).toBe(true);
    expect(verifyCheckpointUpdate({ ...claim, proof: [root2] })).toBe(false);
    expect(verifyCheckpointUpdate({ ...claim, size2: 0n, root2: emptyRootHash() })).toBe(true);
    expect(verifyCheckpointUpdate({ ...claim, size2: -1n })).toBe(false);
    expect(verifyCheckpointUpdate({ ...claim, size2: 2n ** 62n + 1n })).toBe(false);
    expect(verifyCheckpointUpdate({ ...claim, root2: root2.subarray(1) })).toBe(false);
    expect(verifyCheckpointUpdate({ ...claim, size1: 1n })).toBe(false);
  });
});

import { readVectors } from '../../testing/read-vectors.ts';

type Hex = string;

/** The shape of packages/receipts/vectors/log/merkle.json. */
export interface MerkleVectors {
  readonly hashing: readonly {
    readonly what: string;
    readonly hash: Hex;
    readonly text?: string;
    readonly left?: string;
    readonly right?: string;
  }[];
  readonly leaves: readonly Hex[];
  readonly levels: readonly (readonly Hex[])[];
  readonly roots: readonly Hex[];
  readonly frontiers: readonly (readonly string[])[];
  readonly inclusion: readonly {
    readonly leafIndex: string;
    readonly treeSize: string;
    readonly proof: readonly Hex[];
  }[];
  readonly consistency: readonly { readonly size1: string; readonly size2: string; readonly proof: readonly Hex[] }[];
  readonly someHash: Hex;
  readonly singleEntry: { readonly data: string };
  readonly impossibleInclusion: readonly { readonly leafIndex: string; readonly treeSize: string }[];
  readonly additionalConsistency: readonly {
    readonly size1: string;
    readonly size2: string;
    readonly root1: string;
    readonly root2: string;
    readonly proof: readonly string[];
    readonly accept: boolean;
  }[];
}

export interface InclusionProbe {
  readonly name: string;
  readonly leafIndex: bigint;
  readonly treeSize: bigint;
  readonly root: Uint8Array;
  readonly leafHash: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

export interface ConsistencyProbe {
  readonly name: string;
  readonly size1: bigint;
  readonly size2: bigint;
  readonly root1: Uint8Array;
  readonly root2: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

export const merkleVectors = readVectors<MerkleVectors>('log/merkle.json');

export const fromHex = (hex: Hex): Uint8Array => Uint8Array.fromHex(hex);
export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const none = new Uint8Array(0);
const emptyRoot = fromHex(merkleVectors.roots[0] ?? '');
const someHash = fromHex(merkleVectors.someHash);
const uint64 = (number: bigint): bigint => BigInt.asUintN(64, number);

export const validInclusions: readonly InclusionProbe[] = merkleVectors.inclusion.map((vector) => ({
  name: `leaf ${vector.leafIndex} of ${vector.treeSize}`,
  leafIndex: BigInt(vector.leafIndex),
  treeSize: BigInt(vector.treeSize),
  root: fromHex(merkleVectors.roots[Number(vector.treeSize)] ?? ''),
  leafHash: fromHex(merkleVectors.levels[0]?.[Number(vector.leafIndex)] ?? ''),
  proof: vector.proof.map(fromHex),
}));

export const validConsistencies: readonly ConsistencyProbe[] = merkleVectors.consistency.map((vector) => ({
  name: `${vector.size1} to ${vector.size2}`,
  size1: BigInt(vector.size1),
  size2: BigInt(vector.size2),
  root1: fromHex(merkleVectors.roots[Number(vector.size1)] ?? ''),
  root2: fromHex(merkleVectors.roots[Number(vector.size2)] ?? ''),
  proof: vector.proof.map(fromHex),
}));

/** The corruptions under `testdata/inclusion/<n>/`: one file each, all of which must be refused. */
export function corruptInclusions(valid: InclusionProbe): readonly InclusionProbe[] {
  const { leafIndex, treeSize, root, proof } = valid;
  const [first, ...rest] = proof;
  const changed = (name: string, change: Partial<InclusionProbe>): InclusionProbe => ({ ...valid, ...change, name });
  return [
    changed('leafIdx sub @1', { leafIndex: uint64(leafIndex - 1n) }),
    changed('leafIdx plus @1', { leafIndex: leafIndex + 1n }),
    changed('leafIdx XOR @2', { leafIndex: leafIndex ^ 2n }),
    changed('treeSize mul @2', { treeSize: treeSize * 2n }),
    changed('treeSize div @2', { treeSize: treeSize / 2n }),
    changed('wrong leaf', { leafHash: bytesOf('WrongLeaf') }),
    changed('empty root', { root: emptyRoot }),
    changed('random root', { root: someHash }),
    changed('trailing garbage', { proof: [...proof, none] }),
    changed('trailing root', { proof: [...proof, root] }),
    changed('preceding garbage', { proof: [none, ...proof] }),
    changed('preceding root', { proof: [root, ...proof] }),
    ...proof.map((_, at) => changed(`modified proof @${at} bit @3`, { proof: withBitFlipped(proof, { at, mask: 8 }) })),
    ...(first === undefined ? [] : [changed('removed component', { proof: proof.slice(0, -1) })]),
    ...(first === undefined || rest.length === 0
      ? []
      : [changed('inserted component', { proof: [first, someHash, ...rest] })]),
  ];
}

/** Those under `testdata/consistency/<n>/`. A proof without hashes has none. */
export function corruptConsistencies(valid: ConsistencyProbe): readonly ConsistencyProbe[] {
  const { size1, size2, root1, root2, proof } = valid;
  const [first] = proof;
  if (first === undefined) return [];
  const wrongRoot = bytesOf('WrongRoot');
  const changed = (name: string, change: Partial<ConsistencyProbe>): ConsistencyProbe => ({
    ...valid,
    ...change,
    name,
  });
  return [
    changed('size1 sub @1', { size1: uint64(size1 - 1n) }),
    changed('size1 plus @1', { size1: size1 + 1n }),
    changed('size1 XOR @2', { size1: size1 ^ 2n }),
    changed('size2 mul @2', { size2: size2 * 2n }),
    changed('size2 div @2', { size2: size2 / 2n }),
    changed('wrong root1', { root1: wrongRoot }),
    changed('wrong root2', { root2: wrongRoot }),
    changed('swapped roots', { root1: root2, root2: root1 }),
    changed('empty proof', { proof: [] }),
    changed('trailing garbage', { proof: [...proof, none] }),
    changed('trailing root1', { proof: [...proof, root1] }),
    changed('trailing root2', { proof: [...proof, root2] }),
    changed('preceding garbage', { proof: [none, ...proof] }),
    changed('preceding root1', { proof: [root1, ...proof] }),
    changed('preceding root2', { proof: [root2, ...proof] }),
    changed('preceding proof @0', { proof: [first, ...proof] }),
    changed('truncated proof', { proof: proof.slice(0, -1) }),
    ...proof.map((_, at) =>
      changed(`modified proof @${at} bit @4`, { proof: withBitFlipped(proof, { at, mask: 16 }) }),
    ),
  ];
}

/** Those under `testdata/inclusion/additional/`, and the tree with one leaf. */
export function additionalInclusions(leafHash: Uint8Array): readonly InclusionProbe[] {
  const impossible = merkleVectors.impossibleInclusion.flatMap(({ leafIndex, treeSize }) => {
    const probe = { leafIndex: BigInt(leafIndex), treeSize: BigInt(treeSize), proof: [] };
    const name = `leaf ${leafIndex} of ${treeSize}`;
    return [
      { ...probe, name: `${name}, random leaf`, root: none, leafHash: someHash },
      { ...probe, name: `${name}, empty root`, root: emptyRoot, leafHash: none },
      { ...probe, name: `${name}, empty root and random leaf`, root: emptyRoot, leafHash: someHash },
    ];
  });
  const single = { leafIndex: 0n, treeSize: 1n, proof: [] };
  return [
    ...impossible,
    { ...single, name: 'one leaf, empty leaf', root: leafHash, leafHash: none },
    { ...single, name: 'one leaf, empty root', root: none, leafHash },
    { ...single, name: 'one leaf, both empty', root: none, leafHash: none },
  ];
}

/** The same proof with one bit of one hash turned over. */
export function withBitFlipped(
  proof: readonly Uint8Array[],
  where: { readonly at: number; readonly mask: number; readonly byte?: number },
): readonly Uint8Array[] {
  return proof.map((hash, index) => (index === where.at ? flipped(hash, where) : hash));
}

export function flipped(
  hash: Uint8Array,
  { mask, byte = 0 }: { readonly mask: number; readonly byte?: number },
): Uint8Array {
  return hash.map((value, index) => (index === byte ? value ^ mask : value));
}

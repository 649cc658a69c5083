import { tileHashes, type TileReader } from './extend-tiles.ts';
import { hashBytes } from './log-limits.ts';
import { completeSubtreeHash } from './merkle-hash.ts';
import { consistencyProofRanges, inclusionProofRanges } from './proof-ranges.ts';
import { completeSubtrees, rangeHashes, type LeafRange, type Subtree, type SubtreeReader } from './subtree.ts';
import { tileIn, tilePath, type Tile } from './tile.ts';
import { verifyConsistency } from './verify-consistency.ts';
import { verifyInclusion } from './verify-inclusion.ts';

/** Why there is no proof: a tile is missing or damaged, or what the tiles hold does not lead to the root. */
export type TileRefusal = {
  readonly ok: false;
  readonly code: 'tile_unreadable' | 'root_mismatch';
  readonly detail: string;
};

/** A proof from tiles. It has been verified: the tiles need not be trusted. */
export type InclusionFromTiles =
  | { readonly ok: true; readonly proof: readonly Uint8Array[]; readonly leafHash: Uint8Array }
  | TileRefusal;

export type ConsistencyFromTiles = { readonly ok: true; readonly proof: readonly Uint8Array[] } | TileRefusal;

interface TreeInTiles {
  readonly treeSize: bigint;
  readonly readTile: TileReader;
}

/** A complete subtree lies in one tile: at which of its hashes it begins, and over how many it extends. */
interface SubtreeInTile {
  readonly level: number;
  readonly index: bigint;
  readonly first: number;
  readonly width: number;
}

const tileHeight = 8;

/**
 * The tiles that `inclusionProofFromTiles` reads, so that a caller whose storage is asynchronous can fetch them first.
 * Throws RangeError when the tree has no such leaf.
 */
export function tilesForInclusionProof(leaf: {
  readonly leafIndex: bigint;
  readonly treeSize: bigint;
}): readonly Tile[] {
  return tilesOf([leafRange(leaf), ...inclusionProofRanges(leaf)], leaf.treeSize);
}

/** The tiles that `consistencyProofFromTiles` reads. Throws RangeError unless `0 < size1 <= size2`. */
export function tilesForConsistencyProof(sizes: { readonly size1: bigint; readonly size2: bigint }): readonly Tile[] {
  return tilesOf(consistencyProofRanges(sizes), sizes.size2);
}

/**
 * The inclusion proof of a leaf (RFC 9162 section 2.1.3.1) and its hash, from the tiles of a log (C2SP tlog-tiles),
 * verified against `root`. Throws RangeError when the tree has no such leaf.
 */
export function inclusionProofFromTiles(
  input: TreeInTiles & { readonly leafIndex: bigint; readonly root: Uint8Array },
): InclusionFromTiles {
  const { root, ...leaf } = input;
  const read = readRanges([leafRange(leaf), ...inclusionProofRanges(leaf)], leaf);
  if (!read.ok) return read;
  const [leafHash, ...proof] = read.hashes;
  if (leafHash === undefined || !verifyInclusion({ ...leaf, leafHash, proof, root })) return rootMismatch;
  return { ok: true, proof, leafHash };
}

/**
 * The consistency proof between two sizes of a log (RFC 9162 section 2.1.4.1) from the tiles at `size2`, verified against
 * both roots. Throws RangeError unless `0 < size1 <= size2`.
 */
export function consistencyProofFromTiles(input: {
  readonly size1: bigint;
  readonly root1: Uint8Array;
  readonly size2: bigint;
  readonly root2: Uint8Array;
  readonly readTile: TileReader;
}): ConsistencyFromTiles {
  const read = readRanges(consistencyProofRanges(input), { treeSize: input.size2, readTile: input.readTile });
  if (!read.ok) return read;
  return verifyConsistency({ ...input, proof: read.hashes }) ? { ok: true, proof: read.hashes } : rootMismatch;
}

const rootMismatch: TileRefusal = { ok: false, code: 'root_mismatch', detail: 'the tiles do not lead to the root' };

function readRanges(
  ranges: readonly LeafRange[],
  tree: TreeInTiles,
): { readonly ok: true; readonly hashes: readonly Uint8Array[] } | TileRefusal {
  let unreadable = '';
  const readSubtree: SubtreeReader = (subtree) => {
    const place = placeOf(subtree);
    const tile = tileIn({ ...place, treeSize: tree.treeSize });
    if (tile === undefined) return undefined;
    const bytes = tree.readTile(tile);
    const hashes = bytes && tileHashes({ bytes, width: tile.width });
    if (hashes === undefined) {
      unreadable = tilePath(tile);
      return undefined;
    }
    const bottom = new Uint8Array(place.width * hashBytes);
    const within = hashes.slice(place.first, place.first + place.width);
    within.forEach((hash, position) => bottom.set(hash, position * hashBytes));
    return completeSubtreeHash(bottom);
  };
  const hashes = rangeHashes(ranges, readSubtree);
  if (hashes !== undefined) return { ok: true, hashes };
  return { ok: false, code: 'tile_unreadable', detail: `${unreadable} is missing or damaged` };
}

function tilesOf(ranges: readonly LeafRange[], treeSize: bigint): readonly Tile[] {
  const tiles = new Map<string, Tile>();
  for (const subtree of ranges.flatMap(completeSubtrees)) {
    const tile = tileIn({ ...placeOf(subtree), treeSize });
    if (tile !== undefined) tiles.set(tilePath(tile), tile);
  }
  return [...tiles.values()];
}

function placeOf(subtree: Subtree): SubtreeInTile {
  const level = Math.floor(subtree.level / tileHeight);
  const width = 2 ** (subtree.level % tileHeight);
  const position = subtree.index * BigInt(width);
  const index = position >> BigInt(tileHeight);
  return { level, index, first: Number(position - (index << BigInt(tileHeight))), width };
}

function leafRange({ leafIndex }: { readonly leafIndex: bigint }): LeafRange {
  return { start: leafIndex, end: leafIndex + 1n };
}

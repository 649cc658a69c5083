import { isHash } from './is-hash.ts';
import { hashBytes, tileWidth } from './log-limits.ts';
import { completeSubtreeHash } from './merkle-hash.ts';
import { tileIn, tilesFor, type Tile } from './tile.ts';

/** Gives the bytes of a tile, or undefined when it is not at hand. A fuller tile than the one asked for will do as well. */
export type TileReader = (tile: Tile) => Uint8Array | undefined;

/** A tile with its hashes, one after the other. */
export interface TileContent {
  readonly tile: Tile;
  readonly bytes: Uint8Array;
}

/**
 * The tiles to write when a tree of `oldSize` leaves grows by `leafHashes`: those of `tilesFor`, with their bytes. It reads
 * one partial tile of each level at most, the right edge of the old tree. Undefined when one of them is missing or
 * too short; throws TypeError for a leaf hash that is not 32 bytes.
 */
export function extendTiles(input: {
  readonly oldSize: bigint;
  readonly leafHashes: readonly Uint8Array[];
  readonly readTile: TileReader;
}): readonly TileContent[] | undefined {
  const { oldSize, leafHashes, readTile } = input;
  if (!leafHashes.every(isHash)) throw new TypeError('a leaf hash has 32 bytes');
  const contents: TileContent[] = [];
  let added: readonly Uint8Array[] = leafHashes;
  for (const tile of tilesFor({ oldSize, newSize: oldSize + BigInt(leafHashes.length) })) {
    if (contents.at(-1)?.tile.level !== tile.level) {
      // The first tile of a level: what stood there before comes first, then what the level below completed.
      const edge = contents.length === 0 ? added : completedBelow(contents, Number(tile.level) - 1);
      const kept = readEdge({ tile, oldSize, readTile });
      if (kept === undefined) return undefined;
      added = [...kept, ...edge];
    }
    const bytes = new Uint8Array(tile.width * hashBytes);
    added.slice(0, tile.width).forEach((hash, position) => bytes.set(hash, position * hashBytes));
    added = added.slice(tile.width);
    contents.push({ tile, bytes });
  }
  return contents;
}

function completedBelow(contents: readonly TileContent[], level: number): readonly Uint8Array[] {
  const full = contents.filter(({ tile }) => tile.level === level && tile.width === tileWidth);
  return full.map(({ bytes }) => completeSubtreeHash(bytes));
}

/** The hashes that the first tile to be written already held in the old tree. */
function readEdge(input: {
  readonly tile: Tile;
  readonly oldSize: bigint;
  readonly readTile: TileReader;
}): readonly Uint8Array[] | undefined {
  const { tile, oldSize, readTile } = input;
  const old = tileIn({ level: Number(tile.level), index: tile.index, treeSize: oldSize });
  if (old === undefined) return [];
  const bytes = readTile(old);
  return bytes === undefined ? undefined : tileHashes({ bytes, width: old.width });
}

/** The first `width` hashes of a tile, or undefined when it holds fewer, or a part of a hash. */
export function tileHashes(input: {
  readonly bytes: Uint8Array;
  readonly width: number;
}): readonly Uint8Array[] | undefined {
  const { bytes, width } = input;
  const isTile = bytes.length % hashBytes === 0 && bytes.length <= tileWidth * hashBytes;
  if (!isTile || bytes.length < width * hashBytes) return undefined;
  return Array.from({ length: width }, (_, at) => bytes.subarray(at * hashBytes, (at + 1) * hashBytes));
}

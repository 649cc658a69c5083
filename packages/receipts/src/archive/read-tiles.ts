import type { TileReader } from '../log/extend-tiles.ts';
import { tilePath, type Tile } from '../log/tile.ts';
import type { Archive } from './archive.ts';
import type { LogPlace } from './log-place.ts';

const tileHeight = 8n;

/** Reads tiles of a log, so that what computes with them need not wait. Those that are missing are read as undefined. */
export async function readTiles(
  archive: Archive,
  place: Pick<LogPlace, 'folder'>,
  tiles: readonly Tile[],
): Promise<TileReader> {
  const found = new Map<string, Uint8Array>();
  for (const path of tiles.map(tilePath)) {
    const bytes = await archive.read(`${place.folder}/${path}`);
    if (bytes !== undefined) found.set(path, bytes);
  }
  return (tile) => found.get(tilePath(tile));
}

/** The tiles of a size that are not full: one of each level at most. */
export function rightEdge(size: bigint): readonly Tile[] {
  const tiles: Tile[] = [];
  for (let level = 0; size >> (tileHeight * BigInt(level)) > 0n; level += 1) {
    const hashes = size >> (tileHeight * BigInt(level));
    const width = Number(hashes % 2n ** tileHeight);
    if (width > 0) tiles.push({ level, index: hashes >> tileHeight, width });
  }
  return tiles;
}

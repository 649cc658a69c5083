import { appendLeafHashes, compactTreeRoot, type CompactTree } from '../log/compact-tree.ts';
import { encodeEntryBundle } from '../log/entry-bundle.ts';
import { extendTiles } from '../log/extend-tiles.ts';
import { bytesEqual } from '../log/is-hash.ts';
import { tileWidth } from '../log/log-limits.ts';
import { leafHash } from '../log/merkle-hash.ts';
import { tilePath, tilesFor } from '../log/tile.ts';
import type { Archive } from './archive.ts';
import type { LogPlace } from './log-place.ts';
import { readTiles, rightEdge } from './read-tiles.ts';

/** How a log grows from one published size to the next. */
export interface LogGrowth {
  /** The tree as it was published before. */
  readonly before: CompactTree;
  readonly root: Uint8Array;
  readonly size: bigint;
  /** The entries from `firstEntryOf(before.size)` to `size`. */
  readonly entries: readonly Uint8Array[];
}

/** What was to be archived contradicts what was decided or archived before: rows or files were changed. */
export class LogDamaged extends Error {
  override readonly name = 'LogDamaged';
}

/** The first entry of the bundle that a log of this size goes on filling: entries are archived in bundles of 256. */
export function firstEntryOf(size: bigint): bigint {
  return size - (size % BigInt(tileWidth));
}

/**
 * Writes the entry bundles and the tiles (C2SP tlog-tiles) that a log has at its new size and did not have before. It first
 * makes sure that the entries lead to the root. Writing them again writes the same bytes. Throws `LogDamaged` when they do
 * not or when tiles of before are missing, `ArchiveConflict`, and what the archive throws.
 */
export async function archiveGrowth(archive: Archive, place: LogPlace, growth: LogGrowth): Promise<void> {
  const { before, root, size, entries } = growth;
  const first = firstEntryOf(before.size);
  const damaged = (what: string): LogDamaged => new LogDamaged(`${place.origin} at ${size}: ${what}`);
  if (first + BigInt(entries.length) !== size) throw damaged(`there are ${entries.length} entries from ${first} on`);
  const leafHashes = entries.slice(Number(before.size - first)).map(leafHash);
  const after = appendLeafHashes(before, leafHashes);
  if (!bytesEqual({ left: compactTreeRoot(after), right: root })) throw damaged('the entries do not lead to the root');
  for (const { index, width } of tilesFor({ oldSize: before.size, newSize: size }).filter(({ level }) => level === 0)) {
    const from = Number(index * BigInt(tileWidth) - first);
    const bundle = encodeEntryBundle(entries.slice(from, from + width));
    await archive.write(`${place.folder}/${tilePath({ level: 'entries', index, width })}`, bundle);
  }
  const readTile = await readTiles(archive, place, rightEdge(before.size));
  const tiles = extendTiles({ oldSize: before.size, leafHashes, readTile });
  if (tiles === undefined) throw damaged(`a tile of size ${before.size} is missing`);
  for (const { tile, bytes } of tiles) await archive.write(`${place.folder}/${tilePath(tile)}`, bytes);
}

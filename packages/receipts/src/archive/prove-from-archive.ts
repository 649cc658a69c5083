import {
  type ConsistencyFromTiles,
  consistencyProofFromTiles,
  inclusionProofFromTiles,
  tilesForConsistencyProof,
  tilesForInclusionProof,
  type TileRefusal,
} from '../log/proof-from-tiles.ts';
import { parseCheckpoint } from '../log/checkpoint.ts';
import { parseNote } from '../log/note.ts';
import { formatTlogProof } from '../log/tlog-proof.ts';
import type { Archive } from './archive.ts';
import type { LogPlace } from './log-place.ts';
import { readTiles } from './read-tiles.ts';

export type ArchiveProof = { readonly ok: true; readonly proof: string } | TileRefusal;

/**
 * The proof file (C2SP tlog-proof) of a leaf under a published checkpoint, from the tiles of the archive. It is verified
 * against the checkpoint's root before it is returned. Throws RangeError when the checkpoint does not cover the leaf, and
 * TypeError when `note` is no checkpoint: bugs in the caller, who has both from the database.
 */
export async function proveFromArchive(
  archive: Archive,
  leaf: { readonly place: Pick<LogPlace, 'folder'>; readonly leafIndex: bigint; readonly note: string },
): Promise<ArchiveProof> {
  const { place, leafIndex, note } = leaf;
  const checkpoint = parseCheckpoint(parseNote(note)?.text ?? '');
  if (checkpoint === undefined) throw new TypeError('not a checkpoint');
  const { size: treeSize, root } = checkpoint;
  const readTile = await readTiles(archive, place, tilesForInclusionProof({ leafIndex, treeSize }));
  const found = inclusionProofFromTiles({ leafIndex, treeSize, root, readTile });
  if (!found.ok) return found;
  return { ok: true, proof: formatTlogProof({ leafIndex, proof: found.proof, checkpoint: note }) };
}

/** The consistency proof between two sizes, from the tiles of the later one. It is verified against both roots. */
export async function consistencyFromArchive(
  archive: Archive,
  trees: {
    readonly place: LogPlace;
    readonly size1: bigint;
    readonly root1: Uint8Array;
    readonly size2: bigint;
    readonly root2: Uint8Array;
  },
): Promise<ConsistencyFromTiles> {
  const readTile = await readTiles(archive, trees.place, tilesForConsistencyProof(trees));
  return consistencyProofFromTiles({ ...trees, readTile });
}

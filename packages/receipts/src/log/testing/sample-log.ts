import { extendTiles, type TileReader } from '../extend-tiles.ts';
import { formatCheckpoint } from '../checkpoint.ts';
import { leafHash } from '../merkle-hash.ts';
import { rootHash } from '../merkle-proof.ts';
import { createCosigner, createNoteSigner } from '../note-signer.ts';
import { tilePath } from '../tile.ts';

/** The seeds are fills of one byte, so that nobody can take one for a secret. */
const seedOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

export const origin = 'log.example/t/7f3a';
export const logSigner = createNoteSigner({ name: origin, seed: seedOf(1) });
export const nextLogSigner = createNoteSigner({ name: origin, seed: seedOf(2) });
export const strangerSigner = createNoteSigner({ name: 'stranger.example', seed: seedOf(3) });
export const witnesses = [4, 5, 6].map((byte) =>
  createCosigner({ name: `witness.example/w${byte}`, seed: seedOf(byte) }),
);

/** Seconds since 1970 at which the witnesses of the tests cosign. */
export const cosignedAt = 1_767_225_600n;

/** The text of the checkpoint over these leaf hashes. */
export function checkpointText(leafHashes: readonly Uint8Array[]): string {
  return formatCheckpoint({ origin, size: BigInt(leafHashes.length), root: rootHash(leafHashes) });
}

/** Many short leaves, hashed. */
export function manyLeafHashes(count: number): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, index) => leafHash(new TextEncoder().encode(`entry ${index}`)));
}

/** Tiles in memory, by path, as a log would store them in a folder. */
export class TileFolder {
  readonly files = new Map<string, Uint8Array>();
  readonly reads: string[] = [];

  readonly readTile: TileReader = (tile) => {
    this.reads.push(tilePath(tile));
    return this.files.get(tilePath(tile));
  };

  /** Writes what `extendTiles` asks for. False when it could not read what it needs. */
  extend(input: { readonly oldSize: bigint; readonly leafHashes: readonly Uint8Array[] }): boolean {
    const contents = extendTiles({ ...input, readTile: this.readTile });
    for (const { tile, bytes } of contents ?? []) this.files.set(tilePath(tile), bytes);
    return contents !== undefined;
  }
}

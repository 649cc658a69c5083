import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { extendTiles, type TileReader } from './extend-tiles.ts';
import { consistencyProof, inclusionProof, rootHash } from './merkle-proof.ts';
import {
  consistencyProofFromTiles,
  inclusionProofFromTiles,
  tilesForConsistencyProof,
  tilesForInclusionProof,
} from './proof-from-tiles.ts';
import { flipped } from './testing/merkle-probes.ts';
import { manyLeafHashes, TileFolder } from './testing/sample-log.ts';
import { tilePath, tilesFor } from './tile.ts';

const leafHashes = manyLeafHashes(70_000);
const sizes = [1, 2, 5, 255, 256, 257, 511, 512, 700, 65_535, 65_536, 65_537, 70_000];

const folder = new TileFolder();
for (const [step, size] of sizes.entries()) {
  const oldSize = sizes[step - 1] ?? 0;
  folder.extend({ oldSize: BigInt(oldSize), leafHashes: leafHashes.slice(oldSize, size) });
}
const { readTile } = folder;
const rootOf = new Map(sizes.map((size) => [size, rootHash(leafHashes.slice(0, size))]));
const rootAt = (size: number): Uint8Array => rootOf.get(size) ?? new Uint8Array(0);

const somePlaces = fc
  .constantFrom(...sizes)
  .chain((size) => fc.record({ size: fc.constant(size), index: fc.integer({ min: 0, max: size - 1 }) }));

describe('tiles that were written step by step', () => {
  test('are those that the sizes call for, each with its width', () => {
    const size = sizes.at(-1) ?? 0;
    for (const tile of tilesFor({ oldSize: 0n, newSize: BigInt(size) })) {
      expect(folder.files.get(tilePath(tile))?.length).toBe(tile.width * 32);
    }
    const atOnce = new TileFolder();
    expect(atOnce.extend({ oldSize: 0n, leafHashes })).toBe(true);
    for (const [path, bytes] of atOnce.files) expect(folder.files.get(path)).toEqual(bytes);
    expect(atOnce.files.size).toBe(273 + 1 + 1 + 1 + 1);
  });

  test('cannot be extended when the right edge is missing or damaged', () => {
    const input = { oldSize: 5n, leafHashes: leafHashes.slice(5, 9) };
    expect(extendTiles({ ...input, readTile: () => undefined })).toBeUndefined();
    expect(extendTiles({ ...input, readTile: () => new Uint8Array(4 * 32) })).toBeUndefined();
    expect(extendTiles({ ...input, readTile: () => new Uint8Array(5 * 32 + 1) })).toBeUndefined();
    expect(() => extendTiles({ ...input, leafHashes: [new Uint8Array(31)], readTile })).toThrow(TypeError);
    expect(extendTiles({ oldSize: 5n, leafHashes: [], readTile })).toEqual([]);
  });
});

describe('proofs from tiles', () => {
  test('of inclusion are those from the whole list, and read a few tiles only', () => {
    fc.assert(
      fc.property(somePlaces, ({ size, index }) => {
        const leafIndex = BigInt(index);
        const treeSize = BigInt(size);
        folder.reads.length = 0;
        const made = inclusionProofFromTiles({ leafIndex, treeSize, root: rootAt(size), readTile });
        const proof = inclusionProof({ leafIndex, leafHashes: leafHashes.slice(0, size) });
        expect(made).toEqual({ ok: true, proof, leafHash: leafHashes[index] ?? new Uint8Array(0) });
        const announced = new Set(tilesForInclusionProof({ leafIndex, treeSize }).map(tilePath));
        expect(new Set(folder.reads)).toEqual(announced);
        expect(announced.size).toBeLessThanOrEqual(5);
      }),
      { numRuns: 40 },
    );
  });

  test('of consistency are those from the whole list', () => {
    fc.assert(
      fc.property(fc.constantFrom(...sizes), fc.constantFrom(...sizes), (left, right) => {
        const [before, size] = left <= right ? [left, right] : [right, left];
        const claim = { size1: BigInt(before), size2: BigInt(size) };
        folder.reads.length = 0;
        const made = consistencyProofFromTiles({ ...claim, root1: rootAt(before), root2: rootAt(size), readTile });
        const proof = consistencyProof({ size1: claim.size1, leafHashes: leafHashes.slice(0, size) });
        expect(made).toEqual({ ok: true, proof });
        expect(new Set(folder.reads)).toEqual(new Set(tilesForConsistencyProof(claim).map(tilePath)));
      }),
      { numRuns: 40 },
    );
  });

  test('a full tile stands in for a partial one that was deleted', () => {
    const full = tilePath({ level: 0, index: 0n, width: 256 });
    const onlyFull: TileReader = (tile) =>
      tile.width < 256 && tile.level === 0 ? folder.files.get(full) : readTile(tile);
    const made = inclusionProofFromTiles({ leafIndex: 3n, treeSize: 5n, root: rootAt(5), readTile: onlyFull });
    expect(made.ok).toBe(true);
  });
});

describe('tiles are not trusted', () => {
  const place = { leafIndex: 600n, treeSize: 700n, root: rootAt(700) };
  const update = { size1: 257n, root1: rootAt(257), size2: 700n, root2: rootAt(700) };

  test('each tile that is read is needed: when it is missing the refusal names it', () => {
    const needed = tilesForInclusionProof(place).map(tilePath);
    expect(needed.length).toBeGreaterThan(1);
    for (const missing of needed) {
      const without: TileReader = (tile) => (tilePath(tile) === missing ? undefined : readTile(tile));
      const refused = inclusionProofFromTiles({ ...place, readTile: without });
      expect(refused).toEqual({ ok: false, code: 'tile_unreadable', detail: `${missing} is missing or damaged` });
    }
    for (const bytes of [new Uint8Array(0), new Uint8Array(31), new Uint8Array(257 * 32)]) {
      const refused = inclusionProofFromTiles({ ...place, readTile: () => bytes });
      expect(refused).toMatchObject({ ok: false, code: 'tile_unreadable' });
    }
  });

  test('whatever bit of a tile is turned, no wrong proof is returned', () => {
    const genuine = inclusionProof({ leafIndex: place.leafIndex, leafHashes: leafHashes.slice(0, 700) });
    const used = new Map(tilesForInclusionProof(place).map((tile) => [tilePath(tile), tile]));
    fc.assert(
      fc.property(
        fc.constantFrom(...used.keys()),
        fc.integer({ min: 0, max: 255 }),
        fc.integer({ min: 0, max: 7 }),
        (path, at, bit) => {
          const width = used.get(path)?.width ?? 1;
          const byte = (at % width) * 32 + (at % 32);
          const tampered: TileReader = (tile) => {
            const bytes = readTile(tile);
            return bytes && tilePath(tile) === path ? flipped(bytes, { byte, mask: 1 << bit }) : bytes;
          };
          const made = inclusionProofFromTiles({ ...place, readTile: tampered });
          // What was not needed may be damaged; what is returned is right all the same.
          expect(made.ok ? made.proof : made.code).toEqual(made.ok ? genuine : 'root_mismatch');
        },
      ),
    );
    const everyHash: TileReader = (tile) => readTile(tile)?.map((byte) => byte ^ 1);
    expect(inclusionProofFromTiles({ ...place, readTile: everyHash })).toMatchObject({ code: 'root_mismatch' });
    expect(consistencyProofFromTiles({ ...update, readTile: everyHash })).toMatchObject({ code: 'root_mismatch' });
  });

  test('another root than that of the tiles is refused', () => {
    expect(inclusionProofFromTiles({ ...place, root: rootAt(512), readTile })).toMatchObject({ code: 'root_mismatch' });
    expect(consistencyProofFromTiles({ ...update, root1: rootAt(256), readTile })).toMatchObject({
      code: 'root_mismatch',
    });
    expect(consistencyProofFromTiles({ ...update, root2: rootAt(511), readTile })).toMatchObject({
      code: 'root_mismatch',
    });
    expect(consistencyProofFromTiles({ ...update, readTile: () => undefined })).toMatchObject({
      code: 'tile_unreadable',
    });
  });

  test('a leaf or a size that the tree does not have is a bug to ask for', () => {
    expect(() => inclusionProofFromTiles({ ...place, leafIndex: 700n, readTile })).toThrow(RangeError);
    expect(() => consistencyProofFromTiles({ ...update, size1: 0n, readTile })).toThrow(RangeError);
    expect(() => consistencyProofFromTiles({ ...update, size1: 701n, readTile })).toThrow(RangeError);
  });
});

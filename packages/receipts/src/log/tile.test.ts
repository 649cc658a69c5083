import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { readVectors } from '../testing/read-vectors.ts';
import { decodeEntryBundle, encodeEntryBundle } from './entry-bundle.ts';
import { parseTilePath, tilePath, tilesFor, type Tile } from './tile.ts';

interface TileVectors {
  readonly paths: readonly {
    readonly path: string;
    readonly level: string;
    readonly index: string;
    readonly width: number;
  }[];
  readonly malformedPaths: readonly string[];
  readonly sizes: readonly {
    readonly size: string;
    readonly tiles: readonly { readonly level: number; readonly full: number; readonly partialWidth: number }[];
  }[];
}
const vectors = readVectors<TileVectors>('log/tiles.json');

const anyTile = fc.record<Tile>({
  level: fc.oneof(fc.integer({ min: 0, max: 63 }), fc.constant('entries' as const)),
  index: fc.bigInt({ min: 0n, max: 2n ** 62n }),
  width: fc.integer({ min: 1, max: 256 }),
});

describe('paths', () => {
  test.each([...vectors.paths])('$path', ({ path, level, index, width }) => {
    const tile: Tile = { level: level === 'entries' ? level : Number(level), index: BigInt(index), width };
    expect(tilePath(tile)).toBe(path);
    expect(parseTilePath(path)).toEqual(tile);
  });

  test('each tile has one path, which is read back', () => {
    fc.assert(fc.property(anyTile, (tile) => expect(parseTilePath(tilePath(tile))).toEqual(tile)));
  });

  test('no other path is read', () => {
    const malformed = [
      ...vectors.malformedPaths,
      'tile/0/x000/001',
      'tile/0/01',
      'tile/0/0001',
      'tile/00/001',
      'tile/64/001',
      'tile/0/001.p/0',
      'tile/0/001.p/05',
      'tile/0/001.p/256',
      'tile/0/001.p/999',
      'tile/0/001.p/',
      'tile/0/x001/x234/x067',
      'tile/0/001/../../../secret',
      'tile/entries/001.p/-1',
      '/tile/0/001',
      'tile/0/001\n',
      `tile/0/${'x999/'.repeat(7)}999`,
      `tile/0/${'x999/'.repeat(100_000)}999`,
      '',
    ];
    expect(malformed.filter((path) => parseTilePath(path) !== undefined)).toEqual([]);
    fc.assert(fc.property(fc.string(), (noise) => expect(parseTilePath(noise)).toBeUndefined()));
  });

  test('a tile that no log has is a bug', () => {
    const tile = { level: 0, index: 0n, width: 256 };
    for (const wrong of [{ level: 64 }, { level: -1 }, { level: 0.5 }, { index: -1n }, { width: 0 }, { width: 257 }]) {
      expect(() => tilePath({ ...tile, ...wrong })).toThrow(RangeError);
    }
  });
});

describe('the tiles that a growing tree needs', () => {
  test.each([...vectors.sizes])('the example of tlog-tiles, a tree of $size', ({ size, tiles }) => {
    const made = tilesFor({ oldSize: 0n, newSize: BigInt(size) });
    for (const { level, full, partialWidth } of tiles) {
      const ofLevel = made.filter((tile) => tile.level === level);
      expect(ofLevel.filter(({ width }) => width === 256).length).toBe(full);
      expect(ofLevel.find(({ width }) => width < 256)?.width ?? 0).toBe(partialWidth);
    }
    expect(new Set(made.map(({ level }) => level)).size).toBe(tiles.length);
  });

  test('however the growth is cut into steps, each step names what the tree did not have before', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 70_000 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(steps, (counts) => {
        let size = 0n;
        const written = new Set<string>();
        for (const count of counts) {
          const tiles = tilesFor({ oldSize: size, newSize: size + BigInt(count) }).map(tilePath);
          expect(tiles.filter((path) => written.has(path))).toEqual([]);
          for (const path of tiles) written.add(path);
          size += BigInt(count);
        }
        const needed = tilesFor({ oldSize: 0n, newSize: size }).map(tilePath);
        expect(needed.filter((path) => !written.has(path))).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  test('a step at a great size names a few tiles only', () => {
    const oldSize = 2n ** 61n - 1n;
    expect(tilesFor({ oldSize, newSize: oldSize }).length).toBe(0);
    expect(
      tilesFor({ oldSize, newSize: oldSize + 1n })
        .map(tilePath)
        .at(-1),
    ).toBe('tile/7/000.p/32');
    expect(tilesFor({ oldSize, newSize: oldSize + 1n }).length).toBe(8);
  });

  test('a log does not shrink', () => {
    expect(() => tilesFor({ oldSize: 2n, newSize: 1n })).toThrow(RangeError);
    expect(() => tilesFor({ oldSize: -1n, newSize: 1n })).toThrow(RangeError);
    expect(() => tilesFor({ oldSize: 0n, newSize: 2n ** 62n + 1n })).toThrow(RangeError);
  });
});

describe('entry bundles', () => {
  const anyEntries = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 256 });

  test('are a big-endian length before each entry', () => {
    const entries = [Uint8Array.of(7, 8), new Uint8Array(0), new Uint8Array(258).fill(9)];
    const bundle = encodeEntryBundle(entries);
    expect([...bundle.subarray(0, 9)]).toEqual([0, 2, 7, 8, 0, 0, 1, 2, 9]);
    expect(decodeEntryBundle({ bytes: bundle, width: 3 })).toEqual(entries);
  });

  test('are read back, with the right number of entries only', () => {
    fc.assert(
      fc.property(anyEntries, (entries) => {
        const bytes = encodeEntryBundle(entries);
        expect(decodeEntryBundle({ bytes, width: entries.length })).toEqual(entries);
        expect(decodeEntryBundle({ bytes, width: entries.length + 1 })).toBeUndefined();
        expect(decodeEntryBundle({ bytes, width: entries.length - 1 })).toBeUndefined();
        expect(decodeEntryBundle({ bytes: bytes.subarray(0, -1), width: entries.length })).toBeUndefined();
        expect(decodeEntryBundle({ bytes: Uint8Array.of(...bytes, 0), width: entries.length })).toBeUndefined();
      }),
    );
  });

  test('hold entries up to 65535 bytes, and 256 of them', () => {
    const longest = new Uint8Array(65_535).fill(1);
    expect(decodeEntryBundle({ bytes: encodeEntryBundle([longest]), width: 1 })).toEqual([longest]);
    expect(() => encodeEntryBundle([new Uint8Array(65_536)])).toThrow(RangeError);
    expect(() => encodeEntryBundle([])).toThrow(RangeError);
    expect(() => encodeEntryBundle(Array.from({ length: 257 }, () => longest.subarray(0, 1)))).toThrow(RangeError);
  });

  test('any bytes are read without an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: -1, max: 300 }), (bytes, width) => {
        const entries = decodeEntryBundle({ bytes, width });
        if (entries !== undefined) expect(encodeEntryBundle(entries)).toEqual(bytes);
      }),
    );
  });
});

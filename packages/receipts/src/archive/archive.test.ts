import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import {
  appendLeafHashes,
  compactTreeRoot,
  emptyCompactTree,
  formatCheckpoint,
  leafHash,
  createNoteSigner,
  parseVerifierKey,
  formatVerifierKey,
  signNote,
  verifyTlogProof,
} from '../log/index.ts';
import {
  ArchiveConflict,
  archiveGrowth,
  checkpointPath,
  consistencyFromArchive,
  firstEntryOf,
  isArchivePath,
  LogDamaged,
  proveFromArchive,
  superLogPlace,
  tenantLogPlace,
} from './index.ts';
import { MemoryArchive } from './testing/memory-archive.ts';

const place = tenantLogPlace({ host: 'log.example', tenantId: 'tnt_00000000-0000-7000-8000-000000000001' });
const entryOf = (index: number): Uint8Array => new TextEncoder().encode(`entry ${index}`);
const treeOf = (size: number) =>
  appendLeafHashes(
    emptyCompactTree,
    Array.from({ length: size }, (_, index) => leafHash(entryOf(index))),
  );

/** Archives what is new at `size`, after `before`. */
async function grow(archive: MemoryArchive, sizes: { before: number; size: number }): Promise<void> {
  const { before, size } = sizes;
  const first = Number(firstEntryOf(BigInt(before)));
  await archiveGrowth(archive, place, {
    before: treeOf(before),
    root: compactTreeRoot(treeOf(size)),
    size: BigInt(size),
    entries: Array.from({ length: size - first }, (_, at) => entryOf(first + at)),
  });
}

const growths = fc
  .array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 })
  .map((steps) => steps.map((_, at) => steps.slice(0, at + 1).reduce((sum, step) => sum + step, 0)));

describe('a log in an archive', () => {
  test('proves every leaf under every checkpoint, and each checkpoint from those before, whatever its steps were', async () => {
    const signer = createNoteSigner({ name: place.origin, seed: new Uint8Array(32).fill(7) });
    const key = parseVerifierKey(formatVerifierKey(signer.key));
    if (!key) throw new Error('no key');
    const policy = { origin: place.origin, logKeys: [key], witnessKeys: [], witnessQuorum: 0 };
    await fc.assert(
      fc.asyncProperty(growths, fc.nat(), async (sizes, pick) => {
        const archive = new MemoryArchive();
        let before = 0;
        for (const size of sizes) {
          await grow(archive, { before, size });
          before = size;
        }
        for (const size of sizes) {
          const root = compactTreeRoot(treeOf(size));
          const note = signNote({
            text: formatCheckpoint({ origin: place.origin, size: BigInt(size), root }),
            signers: [signer],
          });
          for (const leafIndex of [0, size - 1, pick % size]) {
            const proven = await proveFromArchive(archive, { place, leafIndex: BigInt(leafIndex), note });
            if (!proven.ok) throw new Error(proven.detail);
            const leaf = leafHash(entryOf(leafIndex));
            expect(verifyTlogProof({ proof: proven.proof, leafHash: leaf, policy })).toMatchObject({
              ok: true,
              leafIndex: BigInt(leafIndex),
            });
            expect(verifyTlogProof({ proof: proven.proof, leafHash: leafHash(entryOf(size)), policy }).ok).toBe(false);
          }
        }
        const size2 = sizes.at(-1) ?? 0;
        for (const size1 of sizes) {
          const roots = { root1: compactTreeRoot(treeOf(size1)), root2: compactTreeRoot(treeOf(size2)) };
          const trees = { place, size1: BigInt(size1), size2: BigInt(size2), ...roots };
          expect(await consistencyFromArchive(archive, trees)).toMatchObject({ ok: true });
        }
      }),
      { numRuns: 25 },
    );
  });

  test('is written again without a change, and has a bundle beside each tile of its leaves', async () => {
    const archive = new MemoryArchive();
    await grow(archive, { before: 0, size: 300 });
    const files = [...archive.files.keys()];
    await grow(archive, { before: 0, size: 300 });
    expect([...archive.files.keys()]).toEqual(files);
    const named = ['tile/0/000', 'tile/0/001.p/44', 'tile/1/000.p/1', 'tile/entries/000', 'tile/entries/001.p/44'];
    expect(files.toSorted()).toEqual(named.map((name) => `${place.folder}/${name}`));
    expect(files.every(isArchivePath)).toBe(true);
  });

  test('refuses entries that do not lead to the root, or that are not all there, and writes nothing of them', async () => {
    const archive = new MemoryArchive();
    const entries = [0, 1, 2].map(entryOf);
    const growth = { before: emptyCompactTree, root: compactTreeRoot(treeOf(3)), size: 3n, entries };
    for (const wrong of [
      { ...growth, entries: [entryOf(0), entryOf(9), entryOf(2)] },
      { ...growth, entries: entries.slice(0, 2) },
      { ...growth, size: 4n },
      { ...growth, root: compactTreeRoot(treeOf(2)) },
    ]) {
      await expect(archiveGrowth(archive, place, wrong)).rejects.toBeInstanceOf(LogDamaged);
    }
    expect(archive.files.size).toBe(0);
  });

  test('refuses to go on where a tile of before is missing, or where another log stands', async () => {
    const archive = new MemoryArchive();
    await expect(grow(archive, { before: 3, size: 5 })).rejects.toBeInstanceOf(LogDamaged);
    const other = new MemoryArchive();
    other.files.set(`${place.folder}/tile/0/000.p/3`, new Uint8Array(96));
    await expect(grow(other, { before: 0, size: 3 })).rejects.toBeInstanceOf(ArchiveConflict);
    expect(other.files.get(`${place.folder}/tile/0/000.p/3`)).toEqual(new Uint8Array(96));
  });

  test('gives no proof from tiles that were changed', async () => {
    const archive = new MemoryArchive();
    await grow(archive, { before: 0, size: 3 });
    const text = formatCheckpoint({ origin: place.origin, size: 3n, root: compactTreeRoot(treeOf(3)) });
    const note = signNote({
      text,
      signers: [createNoteSigner({ name: place.origin, seed: new Uint8Array(32).fill(7) })],
    });
    archive.files.set(`${place.folder}/tile/0/000.p/3`, new Uint8Array(96));
    expect(await proveFromArchive(archive, { place, leafIndex: 1n, note })).toMatchObject({ code: 'root_mismatch' });
    archive.files.clear();
    expect(await proveFromArchive(archive, { place, leafIndex: 1n, note })).toMatchObject({ code: 'tile_unreadable' });
  });
});

describe('the place of a log', () => {
  test('names no tenant, and another one for each', () => {
    const tenantId = 'tnt_00000000-0000-7000-8000-000000000002';
    const other = tenantLogPlace({ host: 'log.example', tenantId });
    expect(other.origin).toMatch(/^log\.example\/log\/[0-9a-f]{32}$/);
    expect(other.origin).not.toBe(place.origin);
    expect(other.origin).not.toContain('00000002');
    expect(superLogPlace({ host: 'log.example' })).toEqual({ origin: 'log.example/log', folder: 'super' });
    expect(isArchivePath(checkpointPath(other, 2n ** 40n))).toBe(true);
  });

  test('is not made of a host that no note could name', () => {
    for (const host of ['', 'two words', 'a+b', 'x'.repeat(300)].slice(1)) {
      expect(() => superLogPlace({ host })).toThrow(TypeError);
    }
  });

  test('and the paths in it stay inside', () => {
    for (const path of [
      '',
      '/a',
      'a/',
      'a//b',
      '../a',
      'a/..',
      'a/../b',
      'A',
      'a b',
      'a\n',
      '.a',
      `${'a/'.repeat(16)}a`,
    ]) {
      expect({ path, ok: isArchivePath(path) }).toEqual({ path, ok: false });
    }
  });
});

import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  appendLeafHashes,
  compactTreeRoot,
  emptyCompactTree,
  formatCompactTree,
  parseCompactTree,
} from './compact-tree.ts';
import { emptyRootHash } from './merkle-hash.ts';
import { rootHash } from './merkle-proof.ts';
import { manyLeafHashes } from './testing/sample-log.ts';
import { commonLeaf, SparseTree } from './testing/sparse-tree.ts';

const leafHashes = manyLeafHashes(300);

test('batches of any size lead to the root over the list', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 8 }), (batches) => {
      let tree = emptyCompactTree;
      for (const count of batches) {
        const from = Number(tree.size);
        tree = appendLeafHashes(tree, leafHashes.slice(from, Math.min(from + count, leafHashes.length)));
      }
      expect(compactTreeRoot(tree)).toEqual(rootHash(leafHashes.slice(0, Number(tree.size))));
    }),
  );
});

test('the tree that is extended stays as it was', () => {
  const before = appendLeafHashes(emptyCompactTree, leafHashes.slice(0, 3));
  const text = formatCompactTree(before);
  appendLeafHashes(before, leafHashes.slice(3, 9));
  expect(formatCompactTree(before)).toBe(text);
  expect(compactTreeRoot(emptyCompactTree)).toEqual(emptyRootHash());
});

test('one hash is kept for each one of the size in binary, however large', () => {
  let tree = emptyCompactTree;
  for (const [index, leafHash] of leafHashes.entries()) {
    tree = appendLeafHashes(tree, [leafHash]);
    expect(tree.hashes.length).toBe((index + 1).toString(2).replaceAll('0', '').length);
  }
});

describe('as text', () => {
  test('it is read again as it was, and grows on', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 250 }), (size) => {
        const tree = appendLeafHashes(emptyCompactTree, leafHashes.slice(0, size));
        const read = parseCompactTree(formatCompactTree(tree));
        expect(read).toEqual(tree);
        const grown = appendLeafHashes(read ?? emptyCompactTree, leafHashes.slice(size, size + 50));
        expect(compactTreeRoot(grown)).toEqual(rootHash(leafHashes.slice(0, size + 50)));
      }),
    );
  });

  test('a tree of 2^60 + 5 leaves grows by one', () => {
    const sparse = new SparseTree(2n ** 62n);
    const size = 2n ** 60n + 5n;
    const subtree = (level: number): Uint8Array => sparse.readSubtree({ level, index: 0n }) ?? commonLeaf;
    const tree = parseCompactTree(formatCompactTree({ size, hashes: [subtree(60), subtree(2), subtree(0)] }));
    const grown = appendLeafHashes(tree ?? emptyCompactTree, [commonLeaf]);
    expect(grown.size).toBe(size + 1n);
    expect(compactTreeRoot(grown)).toEqual(sparse.root(size + 1n));
  });

  test('what is malformed, or has not one hash for each subtree, is not read', () => {
    const text = formatCompactTree(appendLeafHashes(emptyCompactTree, leafHashes.slice(0, 5)));
    const [, first = '', second = ''] = text.split('\n');
    expect(parseCompactTree(text)).toBeDefined();
    const malformed = [
      '',
      '5',
      '5\n',
      `5\n${first}\n`,
      `5\n${first}\n${second}`,
      `5\n${first}\n${second}\n${second}\n`,
      `05\n${first}\n${second}\n`,
      `4\n${first}\n${second}\n`,
      `-5\n${first}\n${second}\n`,
      `5\n${first}\n${second.slice(4)}\n`,
      `5\n${first}\n\n${second}\n`,
      `${2n ** 62n + 4n}\n${first}\n${second}\n`,
      '\n'.repeat(100),
    ];
    expect(malformed.filter((wrong) => parseCompactTree(wrong) !== undefined)).toEqual([]);
    const noise = fc.string({ unit: fc.constantFrom('0', '1', '5', '\n', 'A', '=', 'é') });
    fc.assert(fc.property(noise, (wrong) => expect(parseCompactTree(wrong) === undefined).toBe(wrong !== '0\n')));
  });
});

test('bugs of the caller are errors: a hash of the wrong length, a tree with too few subtrees, one that is full', () => {
  expect(() => appendLeafHashes(emptyCompactTree, [commonLeaf.subarray(1)])).toThrow(TypeError);
  expect(() => appendLeafHashes({ size: 1n, hashes: [] }, [commonLeaf])).toThrow(TypeError);
  expect(() => appendLeafHashes({ size: 2n ** 62n, hashes: [commonLeaf] }, [commonLeaf])).toThrow(RangeError);
});

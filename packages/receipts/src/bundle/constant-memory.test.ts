import { expect, test } from 'bun:test';
import { appendLeafHashes, emptyCompactTree } from '../log/compact-tree.ts';
import { leafHash } from '../log/merkle-hash.ts';
import { createBundleWriter } from './bundle-writer.ts';
import {
  environmentId,
  keySetOf,
  logKey,
  noteOf,
  origin,
  receiptSigner,
  sampleLeaf,
  tenantId,
} from './testing/sample-bundle.ts';
import { verifyBundle } from './verify-bundle.ts';

const leafCount = 60_000;
const receiptEvery = 200;
const megabyte = 2 ** 20;

const heapBytes = (): number => {
  Bun.gc(true);
  return process.memoryUsage().heapUsed;
};

/** A long bundle, line by line: a receipt with an event now and then, and the leaves of another environment between them. */
function* longBundle(onLine: (leafIndex: number) => void): Generator<string> {
  const [one] = [sampleLeaf(0)];
  const hash = leafHash(one.signed.bytes);
  const writer = createBundleWriter({
    header: {
      tenantId,
      environments: [environmentId],
      origin,
      logKeys: [logKey],
      hasEvents: true,
      firstLeaf: 0,
      fromLeaf: 0,
      toLeaf: leafCount,
      treeSize: leafCount,
      madeAt: '2026-03-02T00:00:00.000Z',
    },
    signer: receiptSigner,
  });
  yield* writer
    .begin({ keys: keySetOf(receiptSigner), tree: emptyCompactTree })
    .trimEnd()
    .split('\n');
  let tree = emptyCompactTree;
  let seq = 0;
  for (let leafIndex = 0; leafIndex < leafCount; leafIndex += 1) {
    onLine(leafIndex);
    tree = appendLeafHashes(tree, [hash]);
    if (leafIndex % receiptEvery !== 0) {
      yield writer.leaf({ leafIndex, environmentId: 'env_other', hash }).trimEnd();
      continue;
    }
    yield writer.receipt({ leafIndex, leafHash: hash, environmentId, signed: one.signed }).trimEnd();
    for (const bytes of one.events) yield writer.event({ leafIndex, seq: (seq += 1), bytes }).trimEnd();
    if (leafIndex % (10 * receiptEvery) === 0) yield writer.checkpoint(noteOf(tree)).trimEnd();
  }
  yield writer.checkpoint(noteOf(tree)).trimEnd();
  yield writer.end().trimEnd();
}

/** Bytes by which the heap grew between an early and a late leaf. */
async function growthOf(options: { readonly kept: string[] | null }): Promise<number> {
  const early = leafCount / 10;
  let [before, after] = [0, 0];
  const read = (leafIndex: number): void => {
    if (leafIndex === early) before = heapBytes();
    if (leafIndex === leafCount - 1) after = heapBytes();
  };
  function* lines(): Generator<string> {
    for (const line of longBundle(read)) {
      options.kept?.push(line);
      yield line;
    }
  }
  const trust = { receiptKeys: keySetOf(receiptSigner), logKeys: [logKey] };
  const verified = await verifyBundle({ lines: lines(), trust });
  expect(verified.findings).toEqual([]);
  expect(verified.summary).toMatchObject({
    receipts: leafCount / receiptEvery,
    leaves: leafCount * (1 - 1 / receiptEvery),
  });
  return after - before;
}

test('a bundle takes no more memory for being longer', async () => {
  expect(await growthOf({ kept: null })).toBeLessThan(3 * megabyte);
  // The same, with every line kept: what is measured here would show it.
  expect(await growthOf({ kept: [] })).toBeGreaterThan(6 * megabyte);
}, 60_000);

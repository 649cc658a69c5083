import { writeSync } from 'node:fs';
import {
  appendLeafHashes,
  type CompactTree,
  compactTreeRoot,
  createBundleWriter,
  createNoteSigner,
  emptyCompactTree,
  formatCheckpoint,
  formatVerifierKey,
  leafHash,
  signNote,
} from '@karmanflow/receipts';
import { keySet, sampleLeaf, signer } from '../testing/sample-bundle.ts';

// Usage: bun tools/src/verify/bench/write-long-bundle.ts <receipts>. Writes a bundle of so many receipts, each with an event and
// a signature of its own, to standard output; what measure-verify.ts reads.

const checkpointEvery = 2_000;
const count = Number(process.argv[2] ?? 10_000);
const origin = 'log.example/log/sample';
const logSigner = createNoteSigner({ name: origin, seed: new Uint8Array(32).fill(9) });
const first = sampleLeaf(0);
const { tenantId, environmentId } = JSON.parse(Buffer.from(first.signed.bytes).toString());
const writer = createBundleWriter({
  header: {
    tenantId,
    environments: [environmentId],
    origin,
    logKeys: [formatVerifierKey(logSigner.key)],
    hasEvents: true,
    firstLeaf: 0,
    fromLeaf: 0,
    toLeaf: count,
    treeSize: count,
    madeAt: '2026-03-02T00:00:00.000Z',
  },
  signer,
});

function write(text: string): void {
  for (let bytes = Buffer.from(text); bytes.length > 0;) {
    try {
      bytes = bytes.subarray(writeSync(1, bytes));
    } catch (error) {
      // The reader is slower, and the pipe is full.
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EAGAIN') throw error;
      Bun.sleepSync(1);
    }
  }
}

let tree: CompactTree = emptyCompactTree;
let text = writer.begin({ keys: keySet, tree });
for (let leafIndex = 0; leafIndex < count; leafIndex += 1) {
  const { signed, event } = sampleLeaf(leafIndex);
  const hash = leafHash(signed.bytes);
  tree = appendLeafHashes(tree, [hash]);
  text += writer.receipt({ leafIndex, leafHash: hash, environmentId, signed });
  text += writer.event({ leafIndex, seq: leafIndex + 1, bytes: event });
  if ((leafIndex + 1) % checkpointEvery === 0 || leafIndex + 1 === count) {
    const checkpoint = formatCheckpoint({ origin, size: tree.size, root: compactTreeRoot(tree) });
    text += writer.checkpoint(signNote({ text: checkpoint, signers: [logSigner] }));
  }
  if (text.length > 500_000) {
    write(text);
    text = '';
  }
}
write(text + writer.end());

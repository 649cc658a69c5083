import { canonicalBytes } from '../../canonical-bytes.ts';
import { formatKeySet, type KeySetDocument } from '../../key-set.ts';
import { appendLeafHashes, type CompactTree, compactTreeRoot, emptyCompactTree } from '../../log/compact-tree.ts';
import { formatCheckpoint } from '../../log/checkpoint.ts';
import { leafHash } from '../../log/merkle-hash.ts';
import { formatVerifierKey } from '../../log/note-key.ts';
import { createNoteSigner, signNote } from '../../log/note-signer.ts';
import { createReceiptSigner } from '../../receipt-signer.ts';
import { eventHash } from '../../sha256.ts';
import { type SignedReceipt, signReceipt } from '../../sign-receipt.ts';
import { succeeded } from '../../testing/sample-receipts.ts';
import type { BundleHeader } from '../bundle-format.ts';
import { type BundleWriter, createBundleWriter } from '../bundle-writer.ts';

/** Seeds are fills of one byte, so that nobody can take one for a secret. */
const seedOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
export const receiptSigner = createReceiptSigner({ privateKey: seedOf(11) });
export const otherReceiptSigner = createReceiptSigner({ privateKey: seedOf(12) });
export const tenantId = succeeded.tenantId;
export const environmentId = succeeded.environmentId;
export const otherEnvironmentId = 'env_019b76da-a800-7000-8000-0000000000ff';
export const origin = 'log.example/log/sample';
export const logSigner = createNoteSigner({ name: origin, seed: seedOf(13) });
export const otherLogSigner = createNoteSigner({ name: origin, seed: seedOf(14) });
export const logKey = formatVerifierKey(logSigner.key);
const madeAt = '2026-03-02T00:00:00.000Z';

export function keySetOf(
  ...signers: readonly { readonly publicJwk: typeof receiptSigner.publicJwk }[]
): KeySetDocument {
  const validity = { notBefore: '2026-01-01T00:00:00.000Z', notAfter: null };
  return formatKeySet(signers.map(({ publicJwk }) => ({ publicJwk, ...validity })));
}

/** A leaf of the sample log. Every third one belongs to another environment, of which nobody sees more than the hash. */
export interface SampleLeaf {
  readonly environmentId: string;
  readonly signed: SignedReceipt;
  readonly events: readonly Uint8Array[];
}

const idOf = (prefix: string, number: number): string =>
  `${prefix}_019b76da-a800-7000-8000-${number.toString(16).padStart(12, '0')}`;

export function sampleLeaf(index: number): SampleLeaf {
  const place = index % 3 === 2 ? otherEnvironmentId : environmentId;
  const receiptId = idOf('rcp', index);
  const events = Array.from({ length: index % 2 === 0 ? 1 : 2 }, (_, ordinal) =>
    canonicalBytes({
      format: 'karmanflow.event/1',
      eventId: idOf('evt', 2 * index + ordinal),
      eventType: 'inventory.level.adjusted',
      eventVersion: 1,
      tenantId,
      environmentId: place,
      receiptId,
      ordinal,
      occurredAt: '2026-03-01T09:30:00.000Z',
      entities: [],
      correlationId: idOf('kfcor', index),
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      data: { delta: index },
    }),
  );
  const listed = events.map((bytes, ordinal) => ({
    id: idOf('evt', 2 * index + ordinal),
    type: 'inventory.level.adjusted',
    hash: eventHash(bytes),
  }));
  const body = { ...succeeded, receiptId, environmentId: place, events: listed };
  return { environmentId: place, signed: signReceipt(body, receiptSigner), events };
}

export function noteOf(tree: CompactTree, signer: typeof logSigner = logSigner): string {
  const text = formatCheckpoint({ origin: signer.key.name, size: tree.size, root: compactTreeRoot(tree) });
  return signNote({ text, signers: [signer] });
}

export function treeOf(leaves: readonly SampleLeaf[]): CompactTree {
  return appendLeafHashes(
    emptyCompactTree,
    leaves.map(({ signed }) => leafHash(signed.bytes)),
  );
}

export interface SampleBundle {
  readonly leaves: readonly SampleLeaf[];
  readonly from?: number;
  readonly to?: number;
  /** Sizes at which checkpoints stand, besides the last one. */
  readonly checkpointsAt?: readonly number[];
  readonly header?: Partial<BundleHeader>;
  readonly keys?: KeySetDocument;
  readonly signer?: typeof receiptSigner;
  readonly logSigner?: typeof logSigner;
  /** Lines before the leaves. */
  readonly consistency?: Parameters<BundleWriter['begin']>[0]['consistency'];
}

/** The lines of a bundle as an honest writer makes them, without their newlines. */
export function sampleLines(sample: SampleBundle): string[] {
  const { leaves, from = 0, to = leaves.length, checkpointsAt = [] } = sample;
  const header: Omit<BundleHeader, 'format'> = {
    tenantId,
    environments: [environmentId],
    origin,
    logKeys: [logKey],
    hasEvents: true,
    madeAt,
    firstLeaf: from,
    fromLeaf: from,
    toLeaf: to,
    treeSize: leaves.length,
    ...sample.header,
  };
  const writer = createBundleWriter({ header, signer: sample.signer ?? receiptSigner });
  const seqs = new Map<string, number>();
  let text = writer.begin({
    keys: sample.keys ?? keySetOf(receiptSigner),
    tree: treeOf(leaves.slice(0, from)),
    ...(sample.consistency ? { consistency: sample.consistency } : {}),
  });
  leaves.forEach(({ environmentId: place, signed, events }, leafIndex) => {
    const first = seqs.get(place) ?? 0;
    seqs.set(place, first + events.length);
    if (leafIndex < from) return;
    const hash = leafHash(signed.bytes);
    if (place !== environmentId || leafIndex >= to) text += writer.leaf({ leafIndex, environmentId: place, hash });
    else {
      text += writer.receipt({ leafIndex, leafHash: hash, environmentId: place, signed });
      events.forEach((bytes, at) => (text += writer.event({ leafIndex, seq: first + at + 1, bytes })));
    }
    const isLast = leafIndex === leaves.length - 1;
    if (isLast || checkpointsAt.includes(leafIndex + 1)) {
      text += writer.checkpoint(noteOf(treeOf(leaves.slice(0, leafIndex + 1)), sample.logSigner));
    }
  });
  return (text + writer.end()).trimEnd().split('\n');
}

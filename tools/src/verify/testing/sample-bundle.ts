import { evaluatePolicy } from '@karmanflow/policy';
import {
  appendLeafHashes,
  canonicalBytes,
  compactTreeRoot,
  createBundleWriter,
  createNoteSigner,
  createReceiptSigner,
  emptyCompactTree,
  eventHash,
  formatCheckpoint,
  formatKeySet,
  formatTlogProof,
  formatVerifierKey,
  leafHash,
  nodeHash,
  type ReceiptBody,
  type SignedReceipt,
  signNote,
  signReceipt,
  superLogPlace,
  tenantLogPlace,
} from '@karmanflow/receipts';

/** Seeds are fills of one byte, so that nobody can take one for a secret. */
const seedOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
export const signer = createReceiptSigner({ privateKey: seedOf(7) });
export const otherSigner = createReceiptSigner({ privateKey: seedOf(8) });
const host = 'log.example';
const origin = `${host}/log/sample`;
const logSigner = createNoteSigner({ name: origin, seed: seedOf(9) });
export const logKey = formatVerifierKey(logSigner.key);
const tenantId = 'tnt_019b76da-a800-7000-8000-000000000002';
const environmentId = 'env_019b76da-a800-7000-8000-000000000003';
const digest = `sha256:${'0'.repeat(64)}`;
const idOf = (prefix: string, number: number): string =>
  `${prefix}_019b76da-a800-7000-8000-${number.toString(16).padStart(12, '0')}`;

export const keySet = formatKeySet(
  [signer].map(({ publicJwk }) => ({ publicJwk, notBefore: '2026-01-01T00:00:00.000Z', notAfter: null })),
);

const decided = evaluatePolicy({
  actor: { type: 'USER', scopes: new Set(['inventory.level:adjust']), roles: ['operator'], riskCeiling: 'R3' },
  command: { type: 'inventory.adjust', scope: 'inventory.level:adjust', risk: 'R1' },
  environment: { kind: 'SANDBOX', status: 'ACTIVE' },
});

interface SampleLeaf {
  readonly signed: SignedReceipt;
  readonly event: Uint8Array;
}

/** A receipt with one event, decided by the rules of this build. */
export function sampleLeaf(number: number, change: Partial<ReceiptBody> = {}): SampleLeaf {
  const receiptId = idOf('rcp', number);
  const event = canonicalBytes({
    format: 'karmanflow.event/1',
    eventId: idOf('evt', number),
    eventType: 'inventory.level.adjusted',
    eventVersion: 1,
    tenantId,
    environmentId,
    receiptId,
    ordinal: 0,
    occurredAt: '2026-03-01T09:30:00.100Z',
    entities: [],
    correlationId: idOf('kfcor', number),
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    data: { delta: number },
  });
  const { decision, rule, ruleSetVersion, ruleSetHash, facts } = decided;
  const body: ReceiptBody = {
    format: 'karmanflow.receipt/1',
    receiptId,
    tenantId,
    environmentId,
    status: 'SUCCEEDED',
    refusal: null,
    command: { type: 'inventory.adjust', version: 1, payloadHash: digest },
    risk: 'R1',
    scope: 'inventory.level:adjust',
    credential: null,
    idempotencyKeyHash: digest,
    approval: null,
    actor: { type: 'USER', id: idOf('prn', 4), onBehalfOf: null },
    policy: { decision, rule, ruleSetVersion, ruleSetHash: `sha256:${ruleSetHash}`, facts },
    reason: null,
    entities: [],
    responseHash: null,
    causationId: null,
    events: [{ id: idOf('evt', number), type: 'inventory.level.adjusted', hash: eventHash(event) }],
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    correlationId: idOf('kfcor', number),
    requestId: idOf('kfreq', number),
    requestedAt: '2026-03-01T09:30:00.000Z',
    completedAt: '2026-03-01T09:30:00.100Z',
    ...change,
  };
  return { signed: signReceipt(body, signer), event };
}

/** The text of a bundle of the whole log over these leaves. */
export function sampleBundle(leaves: readonly SampleLeaf[]): string {
  const size = leaves.length;
  const writer = createBundleWriter({
    header: {
      tenantId,
      environments: [environmentId],
      origin,
      logKeys: [logKey],
      hasEvents: true,
      firstLeaf: 0,
      fromLeaf: 0,
      toLeaf: size,
      treeSize: size,
      madeAt: '2026-03-02T00:00:00.000Z',
    },
    signer,
  });
  const hashes = leaves.map(({ signed }) => leafHash(signed.bytes));
  const root = compactTreeRoot(appendLeafHashes(emptyCompactTree, hashes));
  return [
    writer.begin({ keys: keySet, tree: emptyCompactTree }),
    ...leaves.flatMap(({ signed, event }, leafIndex) => [
      writer.receipt({ leafIndex, leafHash: leafHash(signed.bytes), environmentId, signed }),
      writer.event({ leafIndex, seq: leafIndex + 1, bytes: event }),
    ]),
    writer.checkpoint(signNote({ text: formatCheckpoint({ origin, size: BigInt(size), root }), signers: [logSigner] })),
    writer.end(),
  ].join('');
}

/** The key of a log of logs, in whose base64 there is a plus sign, as in the text of the key itself. */
const hostSeed = seedOf(
  Array.from({ length: 256 }, (_, byte) => byte).find((byte) => hostKeyOf(byte).split('+').length > 3) ?? 0,
);
function hostKeyOf(byte: number): string {
  return formatVerifierKey(createNoteSigner({ name: superLogPlace({ host }).origin, seed: seedOf(byte) }).key);
}
export const hostKey = hostKeyOf(hostSeed[0] ?? 0);

/** The proof of the second of two leaves, under a checkpoint of the tenant's log that the host's key has signed. */
export function sampleProof(first: SampleLeaf, second: SampleLeaf): string {
  const place = tenantLogPlace({ host, tenantId });
  const left = leafHash(first.signed.bytes);
  const root = nodeHash({ left, right: leafHash(second.signed.bytes) });
  const text = formatCheckpoint({ origin: place.origin, size: 2n, root });
  const signers = [createNoteSigner({ name: place.origin, seed: hostSeed })];
  return formatTlogProof({ leafIndex: 1n, proof: [left], checkpoint: signNote({ text, signers }) });
}

import {
  createReceiptSigner,
  formatKeySet,
  receiptDocument,
  sha256,
  signReceipt,
  verifyReceipt,
} from '@karmanflow/receipts';
import type { ReceiptBody } from '@karmanflow/receipts';

const digest = `sha256:${'0'.repeat(64)}`;

const body: ReceiptBody = {
  format: 'karmanflow.receipt/1',
  receiptId: 'rcp_019b76da-a800-7000-8000-000000000001',
  tenantId: 'tnt_019b76da-a800-7000-8000-000000000002',
  environmentId: 'env_019b76da-a800-7000-8000-000000000003',
  command: { type: 'reservation.create', version: 1, payloadHash: digest },
  status: 'REFUSED',
  refusal: { code: 'stock_insufficient', detail: { requested: 3, available: 2 } },
  risk: 'R1',
  scope: 'inventory.reservation:create',
  actor: { type: 'AGENT', id: 'prn_019b76da-a800-7000-8000-000000000004', onBehalfOf: null },
  credential: { type: 'api_key', id: 'key_019b76da-a800-7000-8000-000000000005' },
  idempotencyKeyHash: digest,
  policy: {
    decision: 'allow',
    rule: 'scope_granted',
    ruleSetVersion: '2',
    ruleSetHash: digest,
    facts: { actorType: 'AGENT', risk: 'R1', scope: 'inventory.reservation:create', scopeGranted: true },
  },
  approval: null,
  reason: null,
  entities: [],
  events: [],
  responseHash: digest,
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  correlationId: 'kfcor_019b76da-a800-7000-8000-000000000006',
  causationId: null,
  requestId: 'kfreq_019b76da-a800-7000-8000-000000000007',
  requestedAt: '2026-03-01T09:30:00.000Z',
  completedAt: '2026-03-01T09:30:00.042Z',
};

// The service signs. Its seed comes from a secret store; this one is the hash of a text, for the example alone.
const signer = createReceiptSigner({ privateKey: sha256(new TextEncoder().encode('example')) });
const stored = signReceipt(body, signer);

// It publishes its keys, and hands out the receipt.
const published = JSON.stringify(
  formatKeySet([{ publicJwk: signer.publicJwk, notBefore: '2026-01-01T00:00:00.000Z', notAfter: null }]),
);
const received = JSON.stringify(receiptDocument(stored));

// Whoever holds both texts can check the receipt, without asking anyone.
export const verified = verifyReceipt({ document: JSON.parse(received), keys: JSON.parse(published) });

// A receipt that was altered on its way is refused, and the reason is one of a closed list.
const altered = received.replace('"REFUSED"', '"SUCCEEDED"');
export const refused = verifyReceipt({ document: JSON.parse(altered), keys: JSON.parse(published) });

import { describe, expect, test } from 'bun:test';
import { evaluatePolicy } from '@karmanflow/policy';
import { createReceiptSigner, formatKeySet, receiptDocument, signReceipt } from '@karmanflow/receipts';
import { inWords, receiptIn, verifyDocument } from './verify-document.ts';

const signer = createReceiptSigner({ privateKey: new Uint8Array(32).fill(7) });
const keys = formatKeySet([{ publicJwk: signer.publicJwk, notBefore: '2026-01-01T00:00:00.000Z', notAfter: null }]);
const digest = `sha256:${'0'.repeat(64)}`;
const decided = evaluatePolicy({
  actor: { type: 'USER', scopes: new Set(['inventory.level:adjust']), roles: ['operator'], riskCeiling: 'R3' },
  command: { type: 'inventory.adjust', scope: 'inventory.level:adjust', risk: 'R1' },
  environment: { kind: 'SANDBOX', status: 'ACTIVE' },
});

function sign(change: { rule?: string } = {}): unknown {
  const { decision, rule, ruleSetVersion, ruleSetHash, facts } = decided;
  const signed = signReceipt(
    {
      format: 'karmanflow.receipt/1',
      receiptId: 'rcp_019b76da-a800-7000-8000-000000000001',
      tenantId: 'tnt_019b76da-a800-7000-8000-000000000002',
      environmentId: 'env_019b76da-a800-7000-8000-000000000003',
      command: { type: 'inventory.adjust', version: 1, payloadHash: digest },
      status: 'SUCCEEDED',
      refusal: null,
      risk: 'R1',
      scope: 'inventory.level:adjust',
      actor: { type: 'USER', id: 'prn_019b76da-a800-7000-8000-000000000004', onBehalfOf: null },
      credential: null,
      idempotencyKeyHash: digest,
      policy: { decision, rule: change.rule ?? rule, ruleSetVersion, ruleSetHash: `sha256:${ruleSetHash}`, facts },
      approval: null,
      reason: null,
      entities: [],
      events: [],
      responseHash: null,
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      correlationId: 'kfcor_019b76da-a800-7000-8000-000000000005',
      causationId: null,
      requestId: 'kfreq_019b76da-a800-7000-8000-000000000006',
      requestedAt: '2026-03-01T09:30:00.000Z',
      completedAt: '2026-03-01T09:30:00.100Z',
    },
    signer,
  );
  return JSON.parse(JSON.stringify(receiptDocument(signed)));
}

const failing = (document: unknown) =>
  verifyDocument({ document, keys })
    .filter(({ holds }) => !holds)
    .map(({ what }) => what);

describe('a receipt document', () => {
  test('holds step by step, and is told in words', () => {
    const document = sign();
    const steps = verifyDocument({ document, keys });
    expect(steps.map(({ what, holds }) => `${what} ${holds}`)).toEqual([
      'form true',
      'hash true',
      'signature true',
      'policy true',
    ]);
    expect(inWords(document)).toContain('inventory.adjust, R1, asked for by USER');
  });

  test('is found in an answer of the API', () => {
    const document = sign();
    expect(receiptIn({ data: {}, receipt: document, replayed: false })).toEqual(document);
    expect(receiptIn(document)).toEqual(document);
    expect(receiptIn(null)).toBeNull();
  });

  test('names the step that fails, and ends there', () => {
    const document = sign() as { receipt: Record<string, unknown>; hash: string; signature: Record<string, unknown> };
    expect(failing({ ...document, receipt: { ...document.receipt, status: 'REFUSED' } })).toEqual(['hash']);
    const value = Buffer.alloc(64, 1).toString('base64');
    expect(failing({ ...document, signature: { ...document.signature, value } })).toEqual(['signature']);
    expect(failing({ nothing: true })).toEqual(['form']);
    // Signed by us, and yet its own facts say something else: who signs is not always who is right.
    expect(failing(sign({ rule: 'approved_by_quorum' }))).toEqual(['policy']);
  });
});

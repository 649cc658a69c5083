import { explainDecision } from '@karmanflow/policy';
import { parseReceiptDocument, verifyReceipt } from '@karmanflow/receipts';

export interface VerificationStep {
  readonly holds: boolean;
  readonly what: string;
  readonly says: string;
}

/** What is to be verified: a receipt document, or an answer of the API, which holds one. */
export function receiptIn(json: unknown): unknown {
  if (typeof json !== 'object' || json === null || !('receipt' in json)) return json;
  const { receipt } = json;
  // A document holds the receipt beside its hash; an answer holds a document.
  return typeof receipt === 'object' && receipt !== null && 'receipt' in receipt ? receipt : json;
}

/**
 * Checks all that a receipt proves by itself: its form, hash and signature, and that the recorded facts lead to the recorded
 * decision. Pure, needs no network and no clock, and ends at the first step that fails.
 */
export function verifyDocument(input: { readonly document: unknown; readonly keys: unknown }): VerificationStep[] {
  const parsed = parseReceiptDocument(input.document);
  if (!parsed.ok) return [{ holds: false, what: 'form', says: `${parsed.code}: ${parsed.detail}` }];
  const { receipt, hash } = parsed.document;
  const form = { holds: true, what: 'form', says: `${receipt.format}, ${receipt.receiptId}` };
  const verified = verifyReceipt(input);
  if (!verified.ok) {
    const what = verified.code === 'hash_mismatch' ? 'hash' : 'signature';
    return [form, { holds: false, what, says: `${verified.code}: ${verified.detail}` }];
  }
  const explained = explainDecision(receipt.policy);
  const { decision, rule } = receipt.policy;
  return [
    form,
    { holds: true, what: 'hash', says: hash },
    { holds: true, what: 'signature', says: `Ed25519 by key ${verified.keyId}, valid at ${receipt.completedAt}` },
    {
      holds: explained.agrees,
      what: 'policy',
      says: explained.agrees
        ? `${decision} by ${rule}: ${explained.says}`
        : `the receipt says ${decision} by ${rule}, its facts say ${explained.decision} by ${explained.rule}`,
    },
    ...explained.doubts.map((doubt) => ({ holds: true, what: 'note', says: doubt })),
  ];
}

/** What the receipt is about, in one sentence. */
export function inWords(document: unknown): string {
  const parsed = parseReceiptDocument(document);
  if (!parsed.ok) return 'This is no receipt.';
  const { actor, approval, command, status, completedAt, risk } = parsed.document.receipt;
  const approved =
    approval === null || approval.approvers.length === 0
      ? ''
      : `, approved by ${approval.approvers.join(' and ')} (${approval.approvalId})`;
  return `${command.type}, ${risk}, asked for by ${actor.type} ${actor.id}${approved}: ${status} at ${completedAt}.`;
}

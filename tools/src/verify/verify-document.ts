import { explainDecision } from '@karmanflow/policy';
import {
  type Checkpoint,
  formatVerifierKey,
  parseReceiptDocument,
  parseVerifierKey,
  tenantLogKey,
  verifyLogReceipt,
  verifyReceipt,
} from '@karmanflow/receipts';
import type { VerificationStep } from './verification-step.ts';

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

/** Checks that a receipt is in the log: the checkpoint's signature, then the path from the receipt to its root. */
export function verifyProof(input: {
  readonly document: unknown;
  readonly proof: string;
  readonly logKeys: readonly string[];
  /** A checkpoint of the same log that the reader remembers, or null. */
  readonly remembered: Checkpoint | null;
}): VerificationStep[] {
  const { document, proof, logKeys, remembered } = input;
  const parsed = parseReceiptDocument(document);
  if (!parsed.ok) return [{ holds: false, what: 'proof', says: `${parsed.code}: ${parsed.detail}` }];
  const { tenantId } = parsed.document.receipt;
  const keys = logKeys.flatMap((text) => parseVerifierKey(text) ?? []).map((key) => tenantLogKey(key, tenantId));
  const origin = keys[0]?.name;
  if (origin === undefined) return [{ holds: false, what: 'proof', says: 'no key of the log was given: --log-key' }];
  const trust = { origin, logKeys: keys.map(formatVerifierKey), witnessKeys: [], witnessQuorum: 0 };
  const verified = verifyLogReceipt({ document: JSON.stringify(document), proof, trust });
  if (!verified.ok) return [{ holds: false, what: 'proof', says: `${verified.code}: ${verified.detail}` }];
  const { leafIndex, checkpoint } = verified;
  const step = {
    holds: true,
    what: 'proof',
    says: `leaf ${leafIndex} of the ${checkpoint.size} that ${origin} signed`,
  };
  const isForked =
    remembered !== null &&
    remembered.origin === origin &&
    remembered.size === checkpoint.size &&
    !Buffer.from(remembered.root).equals(checkpoint.root);
  if (!isForked) return [step];
  return [step, { holds: false, what: 'history', says: `of ${checkpoint.size} leaves another root was remembered` }];
}

import type { AnyCommand, Outcome, StoredReceipt } from '@karmanflow/commands';
import { canonicalBytes, type JsonValue, type ReceiptBody, receiptDocument } from '@karmanflow/receipts';
import { problem } from '@karmanflow/runtime';
import { isErrorCode } from '@karmanflow/schema';
import type { ExchangeNotes } from './exchange.ts';

const jsonHeaders = { 'content-type': 'application/json' };
const replayedHeaders = { ...jsonHeaders, 'idempotent-replayed': 'true' };

type ReceiptOutcome = Extract<Outcome, { kind: 'receipt' }>;

/** The answer to a command. The bytes of its response and of its receipt are the stored ones. */
export function commandResponse(
  outcome: Outcome,
  { definition, notes }: { readonly definition: AnyCommand; readonly notes: ExchangeNotes },
): Response | Promise<Response> {
  if (outcome.kind === 'rejected') {
    notes.outcome = outcome.code;
    return problem(outcome.code, { detail: outcome.detail });
  }
  const { receipt, replayed } = outcome;
  notes.outcome = receipt.status;
  notes.receiptId = receipt.id;
  notes.replayed = replayed;
  switch (receipt.status) {
    case 'SUCCEEDED':
      return succeeded(outcome, 200);
    case 'PENDING_APPROVAL':
      return succeeded(outcome, 202);
    case 'REFUSED':
      return refused(outcome, notes);
    case 'DENIED':
      return denied(outcome, definition);
  }
}

function succeeded({ receipt, replayed, approval }: ReceiptOutcome, status: number): Response {
  if (receipt.response === null) throw new Error(`${receipt.id} has no response`);
  // Of a command that still waits, or ended without being run: where its approval stands now, not where it began.
  // The cast: plain texts and numbers, which an interface does not say by itself.
  const data = status === 202 && approval ? canonicalBytes(approval as unknown as JsonValue) : receipt.response;
  // What is stored as bytes goes out as bytes: through text they would be read and written anew.
  const body = Buffer.concat([
    Buffer.from('{"data":'),
    data,
    Buffer.from(',"receipt":'),
    ...documentParts(receipt),
    Buffer.from(`,"replayed":${replayed}}`),
  ]);
  return new Response(body, { status, headers: replayed ? replayedHeaders : jsonHeaders });
}

function refused({ receipt, replayed }: ReceiptOutcome, notes: ExchangeNotes): Promise<Response> {
  const { refusal } = bodyOf(receipt);
  if (refusal === null || !isErrorCode(refusal.code)) throw new Error(`${receipt.id} says not why it was refused`);
  notes.refusal = refusal.code;
  const response = problem(refusal.code, {
    ...inWords(refusal.detail),
    extensions: { refusal: refusal.detail, replayed },
    ...(replayed ? { headers: { 'idempotent-replayed': 'true' } } : {}),
  });
  return withReceipt(response, receipt);
}

function denied({ receipt }: ReceiptOutcome, definition: AnyCommand): Promise<Response> {
  const { rule } = bodyOf(receipt).policy;
  return withReceipt(
    problem('policy_denied', { detail: `${rule}: ${definition.scope}`, extensions: { rule } }),
    receipt,
  );
}

/** Adds the receipt to a problem document as text, so that its bytes stay the ones that were signed. */
async function withReceipt(response: Response, receipt: StoredReceipt): Promise<Response> {
  const text = await response.text();
  const body = `${text.slice(0, -1)},"receipt":${documentText(receipt)}}`;
  return new Response(body, { status: response.status, headers: response.headers });
}

/** The ReceiptDocument of a stored receipt as JSON, around its canonical bytes: nothing is parsed or written anew. */
export function documentText(receipt: DocumentSource): string {
  return Buffer.concat(documentParts(receipt)).toString('utf8');
}

type DocumentSource = Pick<StoredReceipt, 'bytes' | 'hash' | 'signature' | 'keyId'>;

function documentParts({ bytes, hash, signature, keyId }: DocumentSource): readonly Uint8Array[] {
  const signed = `{"algorithm":"Ed25519","keyId":${JSON.stringify(keyId)},"value":"${signature.toBase64()}"}`;
  return [Buffer.from('{"receipt":'), bytes, Buffer.from(`,"hash":"sha256:${hash.toHex()}","signature":${signed}}`)];
}

function bodyOf(receipt: StoredReceipt): ReceiptBody {
  return receiptDocument(receipt).receipt;
}

/** The facts of a refusal for a reader; programs take `refusal`. */
function inWords(facts: Readonly<Record<string, unknown>>): { readonly detail?: string } {
  const words = Object.entries(facts).map(
    ([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return words.length === 0 ? {} : { detail: words.join(', ') };
}

import type { Outcome, StoredReceipt } from '@karmanflow/commands';
import { problem } from '@karmanflow/runtime';
import type { MessageOutcome } from '../ingest-metrics.ts';

export interface Answer {
  readonly response: Response;
  readonly outcome: MessageOutcome;
}

/**
 * The answer to a verified message. A command that was processed is 200 (202 while it waits for approval), also when it
 * was refused: the receipt is final, and a sender would repeat an error for days to no effect.
 */
export function answerOutcome(outcome: Outcome, instance: string): Answer {
  if (outcome.kind === 'rejected') {
    return { response: problem(outcome.code, { detail: outcome.detail, instance }), outcome: 'rejected' };
  }
  const { receipt, replayed } = outcome;
  if (receipt.status === 'DENIED') {
    // A denial does not use up the message: the same delivery works once the policy allows it, so it is worth repeating.
    return {
      response: problem('policy_denied', { instance, extensions: { receiptId: receipt.id } }),
      outcome: 'refused',
    };
  }
  const succeeded = receipt.status === 'SUCCEEDED';
  return {
    response: receiptResponse(receipt, replayed),
    outcome: replayed ? 'replayed' : succeeded ? 'accepted' : 'refused',
  };
}

/** The bytes of `data` are those that the receipt's response hash was made of: they are never parsed and written again. */
function receiptResponse(receipt: StoredReceipt, replayed: boolean): Response {
  const data = receipt.response === null ? 'null' : new TextDecoder().decode(receipt.response);
  const refusal = receipt.status === 'REFUSED' ? JSON.stringify(refusalOf(receipt)) : 'null';
  const body =
    `{"data":${data},"status":"${receipt.status}","refusal":${refusal}` +
    `,"receiptId":"${receipt.id}","replayed":${replayed}}`;
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (replayed) headers['idempotent-replayed'] = 'true';
  return new Response(body, { status: receipt.status === 'PENDING_APPROVAL' ? 202 : 200, headers });
}

/** Code and detail of the refusal, as the signed receipt states them. */
function refusalOf(receipt: StoredReceipt): unknown {
  const body: unknown = JSON.parse(new TextDecoder().decode(receipt.bytes));
  return typeof body === 'object' && body !== null && 'refusal' in body ? body.refusal : null;
}

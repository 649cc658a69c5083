import { problem } from '@karmanflow/runtime';
import { ingestLimits } from '../ingest-limits.ts';
import type { Processed } from '../process-message.ts';
import { type Answer, answerOutcome } from './answer-outcome.ts';

/**
 * The answer to a verified message. Whatever the sender cannot put right by sending the same again is a success for it: it
 * would repeat an error for days, and then stop sending altogether.
 */
export function answerProcessed(processed: Processed, instance: string): Answer {
  switch (processed.kind) {
    case 'outcome':
      return answerOutcome(processed.outcome, instance);
    case 'without_effect': {
      const { replayed } = processed;
      const response = json(200, { data: null, status: 'WITHOUT_EFFECT', refusal: null, receiptId: null, replayed });
      return { response, outcome: replayed ? 'replayed' : 'without_effect' };
    }
    case 'held': {
      const { quarantinedMessageId, replayed, reason, why } = processed;
      const told = why === null ? {} : { detail: why.detail, issues: why.issues, unknown: why.unknown };
      const response = json(202, {
        data: null,
        status: 'QUARANTINED',
        quarantinedMessageId,
        reason,
        replayed,
        ...told,
      });
      return { response, outcome: replayed ? 'replayed' : reason === 'suspected_replay' ? 'suspected' : 'quarantined' };
    }
    case 'repeated': {
      const detail = 'the same content came before under another id';
      return { response: problem('message_unprocessable', { detail, instance }), outcome: 'suspected' };
    }
    case 'id_reused': {
      const detail = 'the id belongs to a message with another content';
      return { response: problem('idempotency_key_reused', { detail, instance }), outcome: 'rejected' };
    }
    case 'overtaken': {
      const detail = 'the level changes too fast; nothing was done';
      return { response: problem('overloaded', { detail, instance }), outcome: 'failed' };
    }
    case 'full': {
      const response = problem('overloaded', { detail: 'the quarantine of this source is full', instance });
      response.headers.set('retry-after', String(ingestLimits.fullRetryAfterSeconds));
      return { response, outcome: 'failed' };
    }
  }
}

function json(status: number, body: Readonly<Record<string, unknown>>): Response {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (body['replayed'] === true) headers['idempotent-replayed'] = 'true';
  return new Response(JSON.stringify(body), { status, headers });
}

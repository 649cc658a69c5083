import { SecretUnavailable } from '@karmanflow/runtime';
import type { MessageWork } from '../message-work.ts';
import { type Processed, processMessage } from '../process-message.ts';
import { holdMessage } from '../quarantine/hold-message.ts';
import type { Answer } from './answer-outcome.ts';
import { answerProcessed } from './answer-processed.ts';
import {
  type Arrival,
  type Authenticated,
  authenticateMessage,
  databaseFailed,
  failed,
  type ReceivePorts,
} from './authenticate-message.ts';

/** Takes one delivery at an ingest address to its end: who sent it, and only then content and command. */
export async function receiveMessage(ports: ReceivePorts, arrival: Arrival): Promise<Answer> {
  const authenticated = await authenticateMessage(ports, arrival);
  if (!authenticated.ok) return authenticated.answer;
  try {
    return await receiveAuthentic(ports, arrival, authenticated);
  } finally {
    authenticated.leave();
  }
}

async function receiveAuthentic(
  ports: ReceivePorts,
  { identity }: Arrival,
  { work, hasId }: Authenticated,
): Promise<Answer> {
  const { logger } = ports;
  const { ingestSourceId } = work.source;
  let processed: Processed;
  try {
    processed = hasId ? await processMessage(work) : await holdUnnamed(work);
  } catch (error) {
    if (!(error instanceof SecretUnavailable)) return databaseFailed(ports, identity, error);
    logger.error({ err: error, ingestSourceId }, 'a message could not be held in quarantine');
    return failed('internal_error', identity, 'the message could not be kept');
  }
  if (processed.kind === 'held' && !processed.replayed) {
    const { reason, why, quarantinedMessageId } = processed;
    logger.warn(
      { ingestSourceId, reason, quarantinedMessageId, detail: why?.detail, issues: why?.issues, unknown: why?.unknown },
      'an authentic message was quarantined',
    );
  }
  ports.carrier.nudge(work.source);
  return answerProcessed(processed, identity.requestId);
}

async function holdUnnamed(work: MessageWork): Promise<Processed> {
  const held = await holdMessage(work, 'message_id_unreadable');
  if (held.kind === 'held') return { ...held, reason: 'message_id_unreadable', why: null };
  if (held.kind === 'failed') return { kind: 'outcome', outcome: held.outcome };
  return held.kind === 'full' ? { kind: 'full' } : processMessage(work);
}

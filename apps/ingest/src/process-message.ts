import { ingest, type Outcome, parseCommand } from '@karmanflow/commands';
import { headerOf, type MessageWork } from './message-work.ts';
import { issueCommand, receiptBodyOf, refusalCodeOf } from './issue-command.ts';
import { findKnownMessage, knownBy, type KnownMessage, readReceipt } from './known-message.ts';
import { holdMessage } from './quarantine/hold-message.ts';

/** What became of a verified message. */
export type Processed =
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  /** It asks for nothing: no rule wants it, or what it says is so already. */
  | { readonly kind: 'without_effect'; readonly replayed: boolean }
  | {
      readonly kind: 'held';
      readonly quarantinedMessageId: string | null;
      readonly replayed: boolean;
      readonly reason: ingest.QuarantineReason | null;
      readonly why: ingest.Unprocessable | null;
    }
  /** It repeats a content, and the source refuses what repeats. */
  | { readonly kind: 'repeated' }
  /** Its id belongs to a message with another content. */
  | { readonly kind: 'id_reused' }
  | { readonly kind: 'full' }
  /** Nothing was done: the same message works when it is quieter. */
  | { readonly kind: 'overtaken' };

/** Brings a verified message to its end, once, however often and by however many processes it is taken up. */
export async function processMessage(work: MessageWork): Promise<Processed> {
  const reading = readMapped(work);
  const { ports, source, message } = work;
  const names = reading.kind === 'read' ? reading.names : null;
  const { standing, ids } = await ports.lookUps.find(source, { claim: message.claim, names });
  const known = knownBy(standing, message);
  const mapped = reading.kind === 'read' ? reading.toCommand(ids) : reading;
  if (known) return repeat(work, known, mapped);
  switch (mapped.kind) {
    case 'command':
      return runOnce(work, mapped.command);
    case 'ignored':
      return withoutEffect(work);
    case 'unprocessable':
      return hold(work, mapped.reason, mapped);
  }
}

/** What a message asks for, as far as it can be said without looking anything up. */
export function readMapped({ source, stored }: Pick<MessageWork, 'source' | 'stored'>): ingest.MessageReading {
  if (source.mapping === null) return ingest.unprocessable('mapping_missing', 'nobody has said what messages become');
  return ingest.mapMessage(source.mapping, { body: stored.body, header: (name) => headerOf(stored, name) });
}

async function runOnce(work: MessageWork, command: ingest.MappedCommand): Promise<Processed> {
  const { message } = work;
  const { idempotencyKey, causationId } = message;
  const claim = { ...message.claim, subject: command.subject };
  const issued = await issueCommand(command, work, { claim, idempotencyKey, causationId });
  if (issued.kind === 'invalid')
    return hold(work, 'input_invalid', ingest.unprocessable('input_invalid', issued.detail, issued));
  if (issued.kind === 'unchanged') return withoutEffect(work);
  if (issued.kind === 'overtaken') return issued;
  const { outcome } = issued;
  if (outcome.kind === 'rejected') {
    return outcome.code === 'idempotency_key_reused' ? afterAll(work) : issued;
  }
  const { receipt, replayed } = outcome;
  if (refusalCodeOf(receipt) === 'message_claimed') return afterAll(work);
  // Its key is its content, and the content came before under another id.
  if (replayed && receiptBodyOf(receipt).causationId !== causationId) return suspect(work);
  if (receipt.status === 'SUCCEEDED' || receipt.status === 'DENIED') return issued;
  const claimed = await claimWithoutEffect(work, {
    subject: command.subject,
    outcome: receipt.status === 'REFUSED' ? 'REFUSED' : 'PAUSED',
    commandReceiptId: receipt.id,
  });
  return claimed.kind === 'failed' ? { kind: 'outcome', outcome: claimed.outcome } : issued;
}

/** Another delivery was faster: now it is known what this one is. */
async function afterAll(work: MessageWork): Promise<Processed> {
  const known = await findKnownMessage(work.ports.database, work.source.caller, work.message);
  return known ? repeat(work, known, null) : { kind: 'id_reused' };
}

async function repeat(
  work: MessageWork,
  known: KnownMessage,
  mapped: ingest.MessageReading | ingest.MappingOutcome | null,
): Promise<Processed> {
  if (known.relation === 'same_id_other_content') return { kind: 'id_reused' };
  if (known.relation === 'same_content_other_id') return suspect(work);
  if (known.outcome === 'UNCHANGED') return { kind: 'without_effect', replayed: true };
  if (known.outcome === 'QUARANTINED') {
    const scope = work.source.caller;
    const { ingestSourceId } = work.message.claim;
    const held = { scope, ingestSourceId, contentKey: known.contentKey, isReplay: false };
    const quarantinedMessageId = await ingest.findHeldMessage(work.ports.database, held);
    return { kind: 'held', quarantinedMessageId, replayed: true, reason: null, why: null };
  }
  // Asked of the pipeline again where that can be, so that policy decides again whether the outcome may be seen.
  if (mapped?.kind === 'command' && mapped.command.setLevel === null) {
    const { claim, idempotencyKey, causationId } = work.message;
    const names = { claim: { ...claim, subject: mapped.command.subject }, idempotencyKey, causationId };
    const issued = await issueCommand(mapped.command, work, names);
    if (issued.kind === 'outcome' && isAnswer(issued.outcome)) return issued;
  }
  // The mapping is another by now, or what it made depended on state: the first receipt is the answer.
  const receipt = await readReceipt(work.ports.database, work.source.caller, known.receiptId);
  if (!receipt) throw new Error(`${known.receiptId} stands on a claim and is not there`);
  return { kind: 'outcome', outcome: { kind: 'receipt', receipt, replayed: true } };
}

function isAnswer(outcome: Outcome): boolean {
  if (outcome.kind === 'rejected') return outcome.code !== 'idempotency_key_reused';
  return refusalCodeOf(outcome.receipt) !== 'message_claimed';
}

function suspect(work: MessageWork): Promise<Processed> | Processed {
  const { repeatedContent } = work.source.scheme.preset.claims;
  return repeatedContent === 'refuse' ? { kind: 'repeated' } : hold(work, 'suspected_replay', null);
}

async function hold(
  work: MessageWork,
  reason: ingest.QuarantineReason,
  why: ingest.Unprocessable | null,
): Promise<Processed> {
  const held = await holdMessage(work, reason);
  switch (held.kind) {
    case 'held':
      return { ...held, reason, why };
    case 'full':
      return { kind: 'full' };
    case 'failed':
      return { kind: 'outcome', outcome: held.outcome };
    case 'claimed':
      return afterAll(work);
  }
}

async function withoutEffect(work: MessageWork): Promise<Processed> {
  const claimed = await claimWithoutEffect(work, { subject: null, outcome: 'UNCHANGED', commandReceiptId: null });
  if (claimed.kind === 'failed') return { kind: 'outcome', outcome: claimed.outcome };
  return claimed.kind === 'before' ? afterAll(work) : { kind: 'without_effect', replayed: claimed.replayed };
}

type Claimed =
  | { readonly kind: 'now'; readonly replayed: boolean }
  | { readonly kind: 'before' }
  | { readonly kind: 'failed'; readonly outcome: Outcome };

/** Takes a message that had no effect, before it is acknowledged. */
async function claimWithoutEffect(
  { ports, source, message, identity }: MessageWork,
  rest: Pick<Parameters<typeof ingest.claimMessage.load>[0], 'subject' | 'outcome' | 'commandReceiptId'>,
): Promise<Claimed> {
  const parsed = parseCommand(ingest.claimMessage, { ...message.claim, ...rest });
  if (!parsed.ok) throw new Error(`a message cannot be claimed: ${JSON.stringify(parsed.issues)}`);
  const outcome = await ports.executor.execute(parsed.command, {
    caller: source.caller,
    idempotencyKey: message.idempotencyKey,
    causationId: message.causationId,
    expectedVersion: null,
    reason: null,
    ...identity,
  });
  if (outcome.kind === 'rejected') {
    return outcome.code === 'idempotency_key_reused' ? { kind: 'before' } : { kind: 'failed', outcome };
  }
  const { status } = outcome.receipt;
  if (status === 'REFUSED') return { kind: 'before' };
  return status === 'SUCCEEDED' ? { kind: 'now', replayed: outcome.replayed } : { kind: 'failed', outcome };
}

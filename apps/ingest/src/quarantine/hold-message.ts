import { ingest, type Outcome, parseCommand } from '@karmanflow/commands';
import { type Id, toUuid } from '@karmanflow/schema';
import type { MessageWork } from '../message-work.ts';
import { refusalCodeOf } from '../issue-command.ts';
import { outlineMessage } from './outline-message.ts';
import { sealMessage } from './seal-message.ts';

export type Held =
  | {
      readonly kind: 'held';
      readonly quarantinedMessageId: Id<'quarantinedMessage'> | null;
      readonly replayed: boolean;
    }
  /** It was claimed meanwhile, or before under another content. */
  | { readonly kind: 'claimed' }
  | { readonly kind: 'full' }
  | { readonly kind: 'failed'; readonly outcome: Outcome };

const sealNonceBytes = 12;

/**
 * Keeps a message in quarantine, encrypted. What repeats another message is held once for each content, however many ids it
 * comes under, so that whoever has one genuine message cannot fill the quarantine with it.
 */
export async function holdMessage(work: MessageWork, reason: ingest.QuarantineReason): Promise<Held> {
  const { message, source, stored, ports } = work;
  const { ingestSourceId, contentKey } = message.claim;
  const isReplay = reason === 'suspected_replay';
  const sealed = sealMessage(stored, {
    keys: await ports.readQuarantineKeys(),
    sealedFor: { scope: source.caller, ingestSourceId, contentKey },
    nonce: ports.randomBytes(sealNonceBytes),
  });
  if (await isFull(work, sealed.length)) return { kind: 'full' };
  const outline = outlineMessage({ headerNames: stored.headers.map(([name]) => name), body: stored.body });
  const input = {
    ...message.claim,
    subject: null,
    reason,
    storedBytes: sealed.length,
    sealed,
    outline: JSON.stringify(outline),
  };
  const key = isReplay ? `ingest:${ingestSourceId}:replay:${contentKey}` : message.idempotencyKey;
  const first = await send(work, { input, key });
  // A refusal for want of room keeps its key; the message itself has its claim, which no second key gets around.
  const outcome =
    refusalOf(first) === 'quarantine_full'
      ? await send(work, { input, key: `${key}#${work.identity.requestId}` })
      : first;
  return heldOf(outcome, work, isReplay);
}

async function heldOf(outcome: Outcome, work: MessageWork, isReplay: boolean): Promise<Held> {
  if (outcome.kind === 'rejected') {
    if (outcome.code !== 'idempotency_key_reused') return { kind: 'failed', outcome };
    if (!isReplay) return { kind: 'claimed' };
    const { ports, source, message } = work;
    const scope = source.caller;
    const { ingestSourceId, contentKey } = message.claim;
    const held = { scope, ingestSourceId, contentKey, isReplay };
    return { kind: 'held', quarantinedMessageId: await ingest.findHeldMessage(ports.database, held), replayed: true };
  }
  const { receipt, replayed } = outcome;
  if (receipt.status === 'SUCCEEDED') {
    const answer = JSON.parse(Buffer.from(receipt.response ?? []).toString('utf8')) as {
      quarantinedMessageId: Id<'quarantinedMessage'>;
    };
    return { kind: 'held', quarantinedMessageId: answer.quarantinedMessageId, replayed };
  }
  const code = refusalCodeOf(receipt);
  if (code === 'message_claimed') return { kind: 'claimed' };
  return code === 'quarantine_full' ? { kind: 'full' } : { kind: 'failed', outcome };
}

function refusalOf(outcome: Outcome): string | null {
  return outcome.kind === 'receipt' ? refusalCodeOf(outcome.receipt) : null;
}

async function send(
  { ports, source, message, identity }: MessageWork,
  { input, key }: { readonly input: unknown; readonly key: string },
): Promise<Outcome> {
  const parsed = parseCommand(ingest.quarantineMessage, input);
  if (!parsed.ok) throw new Error(`a message cannot be held: ${JSON.stringify(parsed.issues)}`);
  return ports.executor.execute(parsed.command, {
    caller: source.caller,
    idempotencyKey: key,
    causationId: message.causationId,
    expectedVersion: null,
    reason: null,
    ...identity,
  });
}

/** Asked before a command is sent, so that a flood of messages does not become a flood of receipts. */
async function isFull({ ports, source, message }: MessageWork, bytes: number): Promise<boolean> {
  const { caller } = source;
  const held = await ports.database.read(caller, (db) =>
    db
      .selectFrom('ingest_quarantines')
      .select(['held_messages', 'held_bytes'])
      .where('tenant_id', '=', toUuid(caller.tenantId))
      .where('environment_id', '=', toUuid(caller.environmentId))
      .where('ingest_source_id', '=', toUuid(message.claim.ingestSourceId))
      .executeTakeFirst(),
  );
  const { heldMessagesPerSource, heldBytesPerSource } = ingest.ingestBounds;
  return (
    held !== undefined && (held.held_messages >= heldMessagesPerSource || held.held_bytes + bytes > heldBytesPerSource)
  );
}

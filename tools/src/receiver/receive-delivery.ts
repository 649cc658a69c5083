import {
  newSequenceState,
  readDelivery,
  type SequenceFinding,
  type SequenceState,
  trackSequence,
  verifyWebhook,
  type WebhookHeaderPairs,
} from '@karmanflow/webhooks';

/** A delivery that was verified, as it is printed. */
export interface VerifiedDelivery {
  readonly messageId: string;
  readonly eventType: string;
  readonly entities: readonly string[];
  /** `<generation>.<ordinal>`, or `replay` without a place. */
  readonly sequence: string;
  readonly finding: SequenceFinding;
  /** Whether this message was acted upon before: then it is only acknowledged. */
  readonly isRepeat: boolean;
  readonly isPreviousMissing: boolean;
}

export type Reception =
  | { readonly ok: true; readonly delivery: VerifiedDelivery }
  | { readonly ok: false; readonly status: 400 | 401; readonly reason: string };

/** What a receiver has to remember: the ids that it has acted upon, and how far the sequence has come. */
export interface ReceiverMemory {
  readonly messageIds: Set<string>;
  sequence: SequenceState;
}

const rememberedIds = 10_000;

export function newReceiverMemory(): ReceiverMemory {
  return { messageIds: new Set(), sequence: newSequenceState };
}

/**
 * All that a receiver does, in its order: verify the raw bytes, read them, notice a repeat by its id, notice a gap by the
 * sequence. What follows would act upon the event, in the same transaction that remembers the id.
 */
export function receiveDelivery(
  request: { readonly headers: WebhookHeaderPairs; readonly body: Uint8Array; readonly nowSeconds: number },
  known: { readonly secret: string; readonly memory: ReceiverMemory },
): Reception {
  const { secret, memory } = known;
  const verified = verifyWebhook({ ...request, secrets: [secret] });
  if (!verified.ok) return { ok: false, status: 401, reason: verified.code };
  const reading = readDelivery(request.body);
  if (!reading.ok) return { ok: false, status: 400, reason: reading.detail };

  const { messageId } = verified;
  const { event, sequence } = reading;
  const isRepeat = memory.messageIds.has(messageId);
  const step = trackSequence(memory.sequence, sequence);
  memory.sequence = step.state;
  remember(memory, messageId);
  const delivery = {
    messageId,
    eventType: event.eventType,
    entities: event.entities.map(({ id }) => id),
    sequence: sequence.ordinal === null ? 'replay' : `${sequence.generation}.${sequence.ordinal}`,
    finding: step.finding,
    isRepeat,
    isPreviousMissing: step.isPreviousMissing,
  };
  return { ok: true, delivery };
}

function remember({ messageIds }: ReceiverMemory, messageId: string): void {
  const [oldest] = messageIds;
  if (messageIds.size >= rememberedIds && oldest !== undefined) messageIds.delete(oldest);
  messageIds.add(messageId);
}

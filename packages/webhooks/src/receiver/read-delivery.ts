import { decodeEvent, type EventEnvelope } from '@karmanflow/events';
import { type DeliverySequence, readSequence } from '../dispatch/delivery-sequence.ts';

/** What a delivery of KarmanFlow says, once its signature has been verified. */
export interface ReceivedDelivery {
  readonly ok: true;
  readonly event: EventEnvelope;
  /** The event to the byte: its SHA-256 is the one on the receipt that `event.receiptId` names. */
  readonly eventBytes: Uint8Array;
  readonly sequence: DeliverySequence;
}

export type DeliveryReading = ReceivedDelivery | { readonly ok: false; readonly detail: string };

const start = '{"data":';
const end = ',"sequence":{';

/**
 * Reads the body of a delivery. Verify it first: this says what the body means, not whose it is. Nothing in the body makes
 * it throw.
 */
export function readDelivery(body: Uint8Array): DeliveryReading {
  const text = Buffer.from(body);
  // What follows is written by us alone, so its last occurrence is the one behind the event.
  const at = text.lastIndexOf(end);
  if (!text.subarray(0, start.length).equals(Buffer.from(start)) || at === -1) return refused('not a delivery');
  const eventBytes = new Uint8Array(text.subarray(start.length, at));
  const parts = readParts({ eventBytes, rest: text.subarray(at + 1) });
  if (parts === undefined) return refused('the event or the sequence is malformed');
  const { event, rest } = parts;
  const sequence = readSequence(rest['sequence']);
  const isWhole = rest['type'] === event.eventType && rest['timestamp'] === event.occurredAt;
  return sequence !== undefined && isWhole
    ? { ok: true, event, eventBytes, sequence }
    : refused('what stands around the event contradicts it');
}

function readParts(parts: {
  readonly eventBytes: Uint8Array;
  readonly rest: Buffer;
}): { readonly event: EventEnvelope; readonly rest: Readonly<Record<string, unknown>> } | undefined {
  try {
    return { event: decodeEvent(parts.eventBytes), rest: JSON.parse(`{${parts.rest.toString('utf8')}`) };
  } catch {
    return undefined;
  }
}

function refused(detail: string): DeliveryReading {
  return { ok: false, detail };
}

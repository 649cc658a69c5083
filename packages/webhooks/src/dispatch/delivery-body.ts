import { decodeEvent } from '@karmanflow/events';
import type { DeliverySequence } from './delivery-sequence.ts';

/**
 * The bytes that are signed and sent: the payload of Standard Webhooks (`type`, `timestamp`, `data`) and the sequence, as
 * canonical JSON (RFC 8785). `data` is the stored event to the byte, so that its SHA-256 is the one on the receipt.
 */
export function deliveryBody(delivery: {
  /** The stored envelope: one canonical JSON document. */
  readonly event: Uint8Array;
  readonly sequence: DeliverySequence;
}): Uint8Array {
  const { eventType, occurredAt } = decodeEvent(delivery.event);
  const { generation, ordinal, previous, subscriptionId } = delivery.sequence;
  // JSON.stringify keeps the order, which is that of the sorted names; all values are whole numbers and plain ASCII.
  const sequence = JSON.stringify({ generation, ordinal, previous, subscriptionId });
  const tail = JSON.stringify({ timestamp: occurredAt, type: eventType }).slice(1);
  return Buffer.concat([Buffer.from('{"data":'), delivery.event, Buffer.from(`,"sequence":${sequence},${tail}`)]);
}

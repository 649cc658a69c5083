import { idShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';

/**
 * An event as it is stored, published and replayed: one canonical JSON document (RFC 8785), whose SHA-256 stands on the
 * receipt. It holds references, never values that identify a person.
 */
export interface EventEnvelope {
  readonly format: 'karmanflow.event/1';
  readonly eventId: string;
  readonly eventType: string;
  readonly eventVersion: number;
  readonly tenantId: string;
  readonly environmentId: string;
  /** The receipt of the command that caused it. */
  readonly receiptId: string;
  /** Position among the events of that command, from 0. */
  readonly ordinal: number;
  readonly occurredAt: string;
  /** The entities that it changed, with the versions that it gave them. */
  readonly entities: readonly { readonly type: string; readonly id: string; readonly version: number }[];
  readonly correlationId: string;
  readonly traceparent: string;
  readonly data: unknown;
}

const envelopeShape = v.strictObject({
  format: v.literal('karmanflow.event/1'),
  eventId: idShape('event'),
  eventType: v.string(),
  eventVersion: v.pipe(v.number(), v.integer(), v.minValue(1)),
  tenantId: idShape('tenant'),
  environmentId: idShape('environment'),
  receiptId: idShape('receipt'),
  ordinal: v.pipe(v.number(), v.integer(), v.minValue(0)),
  occurredAt: timestampShape,
  entities: v.array(
    v.strictObject({ type: v.string(), id: v.string(), version: v.pipe(v.number(), v.integer(), v.minValue(1)) }),
  ),
  correlationId: idShape('correlation'),
  traceparent: v.string(),
  data: v.unknown(),
});

/** Reads a stored event. Throws when the bytes are not an event envelope: we wrote them, so that is corruption. */
export function decodeEvent(bytes: Uint8Array): EventEnvelope {
  return v.parse(envelopeShape, JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
}

import { hash } from 'node:crypto';
import { toUuid } from '@karmanflow/schema';
import type { ReservationRows } from './reservation-store.ts';

export interface ReservationInput {
  readonly salesChannelId?: string | undefined;
  readonly reference?: string | undefined;
  readonly holdSeconds: number;
  readonly lines: readonly { readonly variantId: string; readonly locationId: string; readonly quantity: number }[];
}

/** Bytes of one receipt, event and response of ours, which a peer fills up to. */
export interface RowSizes {
  readonly receiptBytes: number;
  readonly eventBytes: number;
}

// Peers neither hash nor sign: they store bytes of the right length.
const hashLike = Buffer.alloc(32, 0xa5);
const signatureLike = Buffer.alloc(64, 0x5a);
const keyIdLike = 'A'.repeat(43);

function padded(text: string, bytes: number): Buffer {
  const filler = Math.max(0, bytes - text.length - '{,"filler":""}'.length);
  return Buffer.from(`{${text},"filler":"${'x'.repeat(filler)}"}`, 'latin1');
}

/** The rows of one request: real ids, times and hashes of key and payload; filler where ours has receipt and event. */
export function rowsOfRequest(options: {
  readonly input: ReservationInput;
  readonly rawBody: string;
  readonly idempotencyKey: string;
  readonly sizes: RowSizes;
}): ReservationRows {
  const { input, rawBody, idempotencyKey, sizes } = options;
  const now = new Date();
  const nowText = now.toISOString();
  const expiresAt = new Date(now.getTime() + input.holdSeconds * 1000).toISOString();
  const receiptId = Bun.randomUUIDv7();
  const eventId = Bun.randomUUIDv7();
  const reservationId = Bun.randomUUIDv7();
  const lines = input.lines.map((line) => ({
    variantId: toUuid(line.variantId),
    locationId: toUuid(line.locationId),
    quantity: line.quantity,
  }));
  if (lines.length > 1) lines.sort((one, other) => (orderOf(one) < orderOf(other) ? -1 : 1));
  return {
    receiptId,
    keyHash: hash('sha256', idempotencyKey, 'buffer'),
    payloadHash: hash('sha256', rawBody, 'buffer'),
    receiptBody: padded(`"receiptId":"rcp_${receiptId}","completedAt":"${nowText}"`, sizes.receiptBytes),
    refusalBody: padded(`"receiptId":"rcp_${receiptId}","refusal":"stock_insufficient"`, sizes.receiptBytes),
    hash: hashLike,
    signature: signatureLike,
    keyId: keyIdLike,
    response: Buffer.from(
      `{"expiresAt":"${expiresAt}","reservationId":"rsv_${reservationId}","status":"ACTIVE","version":1}`,
      'latin1',
    ),
    correlationId: Bun.randomUUIDv7(),
    now: nowText,
    eventId,
    eventBody: padded(`"eventId":"evt_${eventId}","receiptId":"rcp_${receiptId}"`, sizes.eventBytes),
    reservationId,
    salesChannelId: input.salesChannelId === undefined ? null : toUuid(input.salesChannelId),
    reference: input.reference ?? null,
    expiresAt,
    lines,
  };
}

function orderOf(line: { variantId: string; locationId: string }): string {
  return `${line.variantId} ${line.locationId}`;
}

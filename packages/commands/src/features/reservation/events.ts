import { defineEvent } from '@karmanflow/events';
import { codeShape, idShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { stockLines, touchedStock } from '../inventory/index.ts';

const reservationId = idShape('reservation');

export const reservationCreated = defineEvent({
  type: 'inventory.reservation.created',
  version: 1,
  data: v.strictObject({
    reservationId,
    salesChannelId: v.nullable(idShape('salesChannel')),
    reference: v.nullable(codeShape),
    expiresAt: timestampShape,
    lines: stockLines,
  }),
  touches: (data, eventId) => [
    { entity: 'reservation', key: { id: data.reservationId } },
    ...touchedStock(data.lines, eventId),
  ],
  dueAt: (data) => data.expiresAt,
});
export type ReservationCreated = v.InferOutput<typeof reservationCreated.data>;

export const reservationExtended = defineEvent({
  type: 'inventory.reservation.extended',
  version: 1,
  data: v.strictObject({ reservationId, expiresAt: timestampShape }),
  touches: (data) => [{ entity: 'reservation', key: { id: data.reservationId } }],
  dueAt: (data) => data.expiresAt,
});
export type ReservationExtended = v.InferOutput<typeof reservationExtended.data>;

export const reservationCommitted = defineEvent({
  type: 'inventory.reservation.committed',
  version: 1,
  data: v.strictObject({ reservationId }),
  touches: (data) => [{ entity: 'reservation', key: { id: data.reservationId } }],
});

const released = v.strictObject({ reservationId, lines: stockLines });
export type ReservationReleased = v.InferOutput<typeof released>;

export const reservationExpired = defineEvent({
  type: 'inventory.reservation.expired',
  version: 1,
  data: released,
  touches: (data, eventId) => [
    { entity: 'reservation', key: { id: data.reservationId } },
    ...touchedStock(data.lines, eventId),
  ],
});

export const reservationCancelled = defineEvent({
  type: 'inventory.reservation.cancelled',
  version: 1,
  data: released,
  touches: (data, eventId) => [
    { entity: 'reservation', key: { id: data.reservationId } },
    ...touchedStock(data.lines, eventId),
  ],
});

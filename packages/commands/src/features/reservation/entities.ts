import type { Id } from '@karmanflow/schema';
import { defineEntity, type PastEvent } from '../../definition/entity.ts';
import type { ReservationCreated, ReservationExtended } from './events.ts';

export type ReservationStatus = 'ACTIVE' | 'COMMITTED' | 'EXPIRED' | 'CANCELLED';

export interface ReservationState {
  readonly id: Id<'reservation'>;
  readonly salesChannelId: Id<'salesChannel'> | null;
  /** The caller's own number for what this is for, such as an order number. */
  readonly reference: string | null;
  readonly status: ReservationStatus;
  readonly expiresAt: string;
  readonly extensions: number;
  readonly resolvedAt: string | null;
}

function existing(state: ReservationState | undefined): ReservationState {
  if (!state) throw new Error('a reservation changed before it was created');
  return state;
}

const resolved =
  (status: ReservationStatus) =>
  (state: ReservationState | undefined, { occurredAt }: PastEvent<unknown>): ReservationState => ({
    ...existing(state),
    status,
    resolvedAt: occurredAt,
  });

export const reservation = defineEntity<ReservationState>({
  name: 'reservation',
  table: 'reservations',
  locked: true,
  key: ['id'],
  fields: {
    id: { column: 'id', id: 'reservation' },
    salesChannelId: { column: 'sales_channel_id', id: 'salesChannel' },
    reference: { column: 'reference' },
    status: { column: 'status' },
    expiresAt: { column: 'expires_at' },
    extensions: { column: 'extensions' },
    resolvedAt: { column: 'resolved_at' },
  },
  evolve: {
    'inventory.reservation.created': (_state, { data }: PastEvent<ReservationCreated>) => ({
      id: data.reservationId,
      salesChannelId: data.salesChannelId,
      reference: data.reference,
      status: 'ACTIVE' as const,
      expiresAt: data.expiresAt,
      extensions: 0,
      resolvedAt: null,
    }),
    'inventory.reservation.extended': (state, { data }: PastEvent<ReservationExtended>) => ({
      ...existing(state),
      expiresAt: data.expiresAt,
      extensions: existing(state).extensions + 1,
    }),
    'inventory.reservation.committed': resolved('COMMITTED'),
    'inventory.reservation.expired': resolved('EXPIRED'),
    'inventory.reservation.cancelled': resolved('CANCELLED'),
  },
});

export interface ReservationLineState {
  readonly reservationId: Id<'reservation'>;
  readonly lineNumber: number;
  readonly variantId: Id<'variant'>;
  readonly locationId: Id<'location'>;
  readonly quantity: number;
}

export const reservationLine = defineEntity<ReservationLineState>({
  name: 'reservation_line',
  table: 'reservation_lines',
  locked: false,
  key: ['reservationId', 'lineNumber'],
  fields: {
    reservationId: { column: 'reservation_id', id: 'reservation' },
    lineNumber: { column: 'line_number' },
    variantId: { column: 'variant_id', id: 'variant' },
    locationId: { column: 'location_id', id: 'location' },
    quantity: { column: 'quantity' },
  },
  evolve: {
    'inventory.reservation.created': (_state, { data }: PastEvent<ReservationCreated>, key) => {
      const lineNumber = Number(key['lineNumber']);
      const line = data.lines[lineNumber - 1];
      if (!line) throw new Error('a reservation line without its line in the event');
      return { reservationId: data.reservationId, lineNumber, ...line };
    },
  },
});

import type { Id } from '@karmanflow/schema';
import { defineEntity, type PastEvent } from '../../definition/entity.ts';
import type { ReservationCreated, ReservationExtended } from './events.ts';

export type ReservationStatus = 'ACTIVE' | 'COMMITTED' | 'EXPIRED' | 'CANCELLED';

export interface ReservationState {
  readonly id: Id<'reservation'>;
  readonly salesChannelId: Id<'salesChannel'> | null;
  /** The caller's own number for what this is for, such as an order number. */
  readonly reference: string | null;
  /** The event whose movements are the lines of this reservation. */
  readonly createdByEvent: Id<'event'>;
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
    createdByEvent: { column: 'created_by_event', id: 'event' },
    status: { column: 'status' },
    expiresAt: { column: 'expires_at' },
    extensions: { column: 'extensions' },
    resolvedAt: { column: 'resolved_at' },
  },
  evolve: {
    'inventory.reservation.created': (_state, { data, eventId }: PastEvent<ReservationCreated>) => ({
      id: data.reservationId,
      salesChannelId: data.salesChannelId,
      reference: data.reference,
      createdByEvent: eventId,
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
    // What cancelling gives back is another thing from here on: whoever waits for a version learns of it.
    'inventory.allocation.created': existing,
    'inventory.allocation.overridden': existing,
  },
});

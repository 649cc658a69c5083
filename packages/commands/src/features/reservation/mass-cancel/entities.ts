import type { Id } from '@karmanflow/schema';
import { defineEntity, type PastEvent } from '../../../definition/entity.ts';
import type { MassCancelFinished, MassCancelStarted } from './events.ts';
import type { MassCancelFilter } from './filter.ts';

export const massCancelStatuses = ['RUNNING', 'COMPLETED', 'STOPPED_AT_BOUND', 'STOPPED'] as const;
export type MassCancelStatus = (typeof massCancelStatuses)[number];

export interface MassCancelState extends MassCancelFilter {
  readonly id: Id<'massCancel'>;
  /** What was approved: no more than that are cancelled. */
  readonly expectedCount: number;
  readonly cancelledCount: number;
  readonly status: MassCancelStatus;
  readonly startedAt: string;
  readonly finishedAt: string | null;
}

function existing(state: MassCancelState | undefined): MassCancelState {
  if (!state) throw new Error('a mass cancellation went on before it was started');
  return state;
}

export const massCancel = defineEntity<MassCancelState>({
  name: 'mass_cancel',
  table: 'mass_cancels',
  locked: true,
  key: ['id'],
  fields: {
    id: { column: 'id', id: 'massCancel' },
    salesChannelId: { column: 'sales_channel_id', id: 'salesChannel' },
    referencePrefix: { column: 'reference_prefix' },
    reservationStatus: { column: 'reservation_status' },
    createdBefore: { column: 'created_before' },
    expectedCount: { column: 'expected_count' },
    cancelledCount: { column: 'cancelled_count' },
    status: { column: 'status' },
    startedAt: { column: 'started_at' },
    finishedAt: { column: 'finished_at' },
  },
  evolve: {
    'inventory.mass_cancel.started': (_state, { data }: PastEvent<MassCancelStarted>) => ({
      id: data.massCancelId,
      salesChannelId: data.salesChannelId,
      referencePrefix: data.referencePrefix,
      reservationStatus: data.reservationStatus,
      createdBefore: data.createdBefore,
      expectedCount: data.expectedCount,
      cancelledCount: 0,
      status: 'RUNNING' as const,
      startedAt: data.startedAt,
      finishedAt: null,
    }),
    'inventory.mass_cancel.advanced': (state) => ({
      ...existing(state),
      cancelledCount: existing(state).cancelledCount + 1,
    }),
    'inventory.mass_cancel.finished': (state, { data, occurredAt }: PastEvent<MassCancelFinished>) => ({
      ...existing(state),
      status: data.outcome,
      finishedAt: occurredAt,
    }),
    'inventory.mass_cancel.stopped': (state, { occurredAt }: PastEvent<unknown>) => ({
      ...existing(state),
      status: 'STOPPED' as const,
      finishedAt: occurredAt,
    }),
  },
});

import type { Id } from '@karmanflow/schema';
import { defineEntity, type PastEvent } from '../../../definition/entity.ts';
import type { AllocationCreated, AllocationOverridden, AllocationReleased, AllocationStrategy } from './events.ts';

export const allocationStatuses = ['ALLOCATED', 'MOVED', 'RELEASED'] as const;
export type AllocationStatus = (typeof allocationStatuses)[number];

/** Units of one line of a reservation at one location: `allocated` of a level is the sum of those that stand. */
export interface AllocationState {
  readonly id: Id<'allocation'>;
  readonly reservationId: Id<'reservation'>;
  /** From 1, as the reservation counts its lines. */
  readonly lineNumber: number;
  readonly variantId: Id<'variant'>;
  readonly locationId: Id<'location'>;
  readonly quantity: number;
  readonly strategy: AllocationStrategy | 'override';
  readonly status: AllocationStatus;
  readonly overrideOf: Id<'allocation'> | null;
}

function existing(state: AllocationState | undefined): AllocationState {
  if (!state) throw new Error('an allocation changed before it was created');
  return state;
}

export const allocation = defineEntity<AllocationState>({
  name: 'allocation',
  table: 'allocations',
  locked: true,
  key: ['id'],
  fields: {
    id: { column: 'id', id: 'allocation' },
    reservationId: { column: 'reservation_id', id: 'reservation' },
    lineNumber: { column: 'line_number' },
    variantId: { column: 'variant_id', id: 'variant' },
    locationId: { column: 'location_id', id: 'location' },
    quantity: { column: 'quantity' },
    strategy: { column: 'strategy' },
    status: { column: 'status' },
    overrideOf: { column: 'override_of', id: 'allocation' },
  },
  evolve: {
    'inventory.allocation.created': (_state, { data }: PastEvent<AllocationCreated>, key) => {
      const made = data.allocations.find((one) => one.allocationId === key['id']);
      if (!made) throw new Error('an allocation that the event does not have');
      const { allocationId, lineNumber, variantId, locationId, quantity } = made;
      return {
        id: allocationId,
        reservationId: data.reservationId,
        lineNumber,
        variantId,
        locationId,
        quantity,
        strategy: data.strategy,
        status: 'ALLOCATED' as const,
        overrideOf: null,
      };
    },
    'inventory.allocation.overridden': (state, { data }: PastEvent<AllocationOverridden>, key) => {
      if (key['id'] === data.allocationId) return { ...existing(state), status: 'MOVED' as const };
      const made = data.replacements.find((one) => one.allocationId === key['id']);
      if (!made) throw new Error('an allocation that the event does not have');
      return {
        id: made.allocationId,
        reservationId: data.reservationId,
        lineNumber: data.lineNumber,
        variantId: data.variantId,
        locationId: made.locationId,
        quantity: made.quantity,
        strategy: 'override' as const,
        status: 'ALLOCATED' as const,
        overrideOf: data.allocationId,
      };
    },
    'inventory.allocation.released': (state, _event: PastEvent<AllocationReleased>) => ({
      ...existing(state),
      status: 'RELEASED' as const,
    }),
  },
});

import { defineFeature, type FeatureDefinition } from '../../definition/registry.ts';
import { cancel } from './commands/cancel.ts';
import { commit } from './commands/commit.ts';
import { create } from './commands/create.ts';
import { expire } from './commands/expire.ts';
import { extend } from './commands/extend.ts';
import { reservation } from './entities.ts';
import {
  reservationCancelled,
  reservationCommitted,
  reservationCreated,
  reservationExpired,
  reservationExtended,
} from './events.ts';
import { getReservation, listReservations } from './queries/reservations.ts';

export { reservation, type ReservationState } from './entities.ts';
export { cancel, commit, create, expire, extend };
export { reservationCancelled, reservationCommitted, reservationCreated, reservationExpired, reservationExtended };

/** Holding stock for an order that is not certain yet. */
export const reservations: FeatureDefinition = defineFeature({
  name: 'reservation',
  commands: [create, extend, commit, expire, cancel],
  queries: [getReservation, listReservations],
  events: [reservationCreated, reservationExtended, reservationCommitted, reservationExpired, reservationCancelled],
  entities: [reservation],
  agentSurface: { summary: 'Hold, extend, commit and look up reservations; cancelling waits for a human.' },
});

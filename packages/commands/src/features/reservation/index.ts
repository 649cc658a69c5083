import { defineFeature, type FeatureDefinition } from '../../definition/registry.ts';
import { cancel } from './commands/cancel.ts';
import { cancelPart } from './commands/cancel-part.ts';
import { commit } from './commands/commit.ts';
import { create } from './commands/create.ts';
import { expire } from './commands/expire.ts';
import { extend } from './commands/extend.ts';
import { finishMassCancel } from './commands/finish-mass-cancel.ts';
import { massCancelReservations } from './commands/mass-cancel.ts';
import { stopMassCancel } from './commands/stop-mass-cancel.ts';
import { reservation } from './entities.ts';
import {
  reservationCancelled,
  reservationCommitted,
  reservationCreated,
  reservationExpired,
  reservationExtended,
} from './events.ts';
import { massCancel } from './mass-cancel/entities.ts';
import { massCancelAdvanced, massCancelFinished, massCancelStarted, massCancelStopped } from './mass-cancel/events.ts';
import { listMassCancels, previewMassCancel } from './queries/mass-cancels.ts';
import { getReservation, listReservations } from './queries/reservations.ts';

export { reservation, type ReservationState } from './entities.ts';
export { linesOf } from './held-stock.ts';
export { type MassCancelState, type MassCancelStatus } from './mass-cancel/entities.ts';
export { isMatching, type MassCancelFilter } from './mass-cancel/filter.ts';
export {
  type MassCancelPage,
  readMassCancelPage,
  readRunningMassCancels,
  type RunningMassCancel,
} from './queries/mass-cancel-work.ts';
export { cancel, commit, create, expire, extend };
export { cancelPart, finishMassCancel, massCancelReservations, stopMassCancel };
export { massCancel, massCancelAdvanced, massCancelFinished, massCancelStarted, massCancelStopped };
export { reservationCancelled, reservationCommitted, reservationCreated, reservationExpired, reservationExtended };

/** Holding stock for an order that is not certain yet. */
export const reservations: FeatureDefinition = defineFeature({
  name: 'reservation',
  commands: [
    create,
    extend,
    commit,
    expire,
    cancel,
    massCancelReservations,
    cancelPart,
    finishMassCancel,
    stopMassCancel,
  ],
  queries: [getReservation, listReservations, previewMassCancel, listMassCancels],
  events: [
    reservationCreated,
    reservationExtended,
    reservationCommitted,
    reservationExpired,
    reservationCancelled,
    massCancelStarted,
    massCancelAdvanced,
    massCancelFinished,
    massCancelStopped,
  ],
  entities: [massCancel, reservation],
  agentSurface: { summary: 'Hold, extend, commit and look up reservations; cancelling waits for a human.' },
});

import { defineEvent } from '@karmanflow/events';
import { codeShape, idShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { cancellableStatuses } from './filter.ts';

const massCancelId = idShape('massCancel');
const touchesMassCancel = (data: { massCancelId: string }) => [
  { entity: 'mass_cancel', key: { id: data.massCancelId } },
];

/** Approved, and bound to this filter and this number. Nothing is cancelled yet: the worker does it, one by one. */
export const massCancelStarted = defineEvent({
  type: 'inventory.mass_cancel.started',
  version: 1,
  data: v.strictObject({
    massCancelId,
    salesChannelId: v.nullable(idShape('salesChannel')),
    referencePrefix: v.nullable(codeShape),
    reservationStatus: v.nullable(v.picklist(cancellableStatuses)),
    createdBefore: timestampShape,
    expectedCount: v.number(),
    startedAt: timestampShape,
  }),
  touches: touchesMassCancel,
  dueAt: (data) => data.startedAt,
});
export type MassCancelStarted = v.InferOutput<typeof massCancelStarted.data>;

/** One more reservation is cancelled. */
export const massCancelAdvanced = defineEvent({
  type: 'inventory.mass_cancel.advanced',
  version: 1,
  data: v.strictObject({ massCancelId, reservationId: idShape('reservation') }),
  touches: touchesMassCancel,
});

/** Nothing that matches is left, or the bound is reached. */
export const massCancelFinished = defineEvent({
  type: 'inventory.mass_cancel.finished',
  version: 1,
  data: v.strictObject({ massCancelId, outcome: v.picklist(['COMPLETED', 'STOPPED_AT_BOUND']) }),
  touches: touchesMassCancel,
});
export type MassCancelFinished = v.InferOutput<typeof massCancelFinished.data>;

/** A human stopped it; what was cancelled stays cancelled. */
export const massCancelStopped = defineEvent({
  type: 'inventory.mass_cancel.stopped',
  version: 1,
  data: v.strictObject({ massCancelId }),
  touches: touchesMassCancel,
});

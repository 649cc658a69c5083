import { defineEvent } from '@karmanflow/events';
import { idShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import {
  eventTypePattern,
  healthStates,
  positionShape,
  recoveryKinds,
  settingsShape,
  startModes,
  whole,
  wordShape,
} from './shapes.ts';
import { webhookBounds } from './webhook-bounds.ts';

const subscriptionId = idShape('webhookSubscription');
const recoveryId = idShape('webhookRecovery');
const counter = whole({ min: 1, max: 2 ** 31 - 1 });
const amount = whole({ min: 0, max: Number.MAX_SAFE_INTEGER });

interface OfSubscription {
  readonly subscriptionId: string;
}
const subscriptionOf = ({ subscriptionId: id }: OfSubscription) => ({ entity: 'webhook_subscription', key: { id } });
const rosterOf = ({ subscriptionId: id }: OfSubscription) => ({
  entity: 'webhook_roster_entry',
  key: { subscriptionId: id },
});
/** A decision: with the roster, by which whoever delivers learns of it. */
const decided = (data: OfSubscription) => [subscriptionOf(data), rosterOf(data)];

export const subscriptionCreated = defineEvent({
  type: 'webhook.subscription.created',
  version: 1,
  data: v.strictObject({
    subscriptionId,
    ...settingsShape,
    startMode: v.picklist(startModes),
    /** The first position that is delivered; null: what comes behind this event. */
    startSeq: v.nullable(positionShape),
  }),
  touches: decided,
});
export type SubscriptionCreated = v.InferOutput<typeof subscriptionCreated.data>;

/** All settings from then on. */
export const subscriptionUpdated = defineEvent({
  type: 'webhook.subscription.updated',
  version: 1,
  data: v.strictObject({ subscriptionId, ...settingsShape }),
  touches: decided,
});
export type SubscriptionUpdated = v.InferOutput<typeof subscriptionUpdated.data>;

export const subscriptionPaused = defineEvent({
  type: 'webhook.subscription.paused',
  version: 1,
  data: v.strictObject({ subscriptionId }),
  touches: decided,
});

/** A new generation begins with this event, unless it goes on where it stopped. */
export const subscriptionResumed = defineEvent({
  type: 'webhook.subscription.resumed',
  version: 1,
  data: v.strictObject({
    subscriptionId,
    from: v.picklist(['WHERE_IT_STOPPED', 'NOW', 'LATEST_PER_ENTITY']),
    generation: counter,
  }),
  touches: decided,
});
export type SubscriptionResumed = v.InferOutput<typeof subscriptionResumed.data>;

/** A number, never a secret: whoever holds the master derives it. */
export const subscriptionSecretRotated = defineEvent({
  type: 'webhook.subscription.secret_rotated',
  version: 1,
  data: v.strictObject({
    subscriptionId,
    secretVersion: counter,
    /** The oldest secret that still signs, until then; null: none but the new one. */
    retiringVersion: v.nullable(counter),
    retiringUntil: v.nullable(timestampShape),
  }),
  touches: decided,
});
export type SubscriptionSecretRotated = v.InferOutput<typeof subscriptionSecretRotated.data>;

export const subscriptionDeleted = defineEvent({
  type: 'webhook.subscription.deleted',
  version: 1,
  data: v.strictObject({ subscriptionId }),
  touches: decided,
});

/** Delivered to this one subscription, whatever its event types; it changes nothing. */
export const subscriptionTestRequested = defineEvent({
  type: 'webhook.subscription.test_requested',
  version: 1,
  data: v.strictObject({ subscriptionId }),
  touches: () => [],
});

/** Why an endpoint is as it is: counts and times, nothing that a receiver said. */
export const healthEvidenceShape = v.strictObject({
  consecutiveFailures: amount,
  failingSince: v.nullable(timestampShape),
  lastFailureCode: v.nullable(wordShape(webhookBounds.failureCodeCharacters)),
  lastFailureAt: v.nullable(timestampShape),
  lastSuccessAt: v.nullable(timestampShape),
  nextProbeAt: v.nullable(timestampShape),
});

export const healthFields = {
  subscriptionId,
  /** Which fresh start of the endpoint this is about. */
  healthEpoch: counter,
  health: v.picklist(healthStates),
  reason: wordShape(webhookBounds.reasonCharacters),
  evidence: healthEvidenceShape,
  since: timestampShape,
};

/** The early warning, the alarm and the all-clear alike: a partner or an operator subscribes to it. */
export const subscriptionHealthChanged = defineEvent({
  type: 'webhook.subscription.health_changed',
  version: 1,
  data: v.strictObject(healthFields),
  touches: (data) => [subscriptionOf(data)],
});
export type SubscriptionHealthChanged = v.InferOutput<typeof subscriptionHealthChanged.data>;

interface OfRecovery extends OfSubscription {
  readonly recoveryId: string;
}
const recoveryOf = ({ recoveryId: id }: OfRecovery) => ({ entity: 'webhook_recovery', key: { id } });
const recoveryDecided = (data: OfRecovery) => [rosterOf(data), recoveryOf(data)];

/** What was delivered, or should have been, is sent again: a range of the stream, or one delivery. */
export const recoveryStarted = defineEvent({
  type: 'webhook.recovery.started',
  version: 1,
  data: v.strictObject({
    recoveryId,
    subscriptionId,
    kind: v.picklist(recoveryKinds),
    deliveryId: v.nullable(idShape('webhookDelivery')),
    fromSeq: v.nullable(positionShape),
    toSeq: v.nullable(positionShape),
    eventTypes: v.pipe(v.array(eventTypePattern), v.maxLength(webhookBounds.eventTypes)),
    onlyFailed: v.boolean(),
    /** No more than that are sent. */
    expectedCount: amount,
  }),
  touches: recoveryDecided,
});
export type RecoveryStarted = v.InferOutput<typeof recoveryStarted.data>;

/** Nothing further is taken up; what was is still sent. */
export const recoveryCancelled = defineEvent({
  type: 'webhook.recovery.cancelled',
  version: 1,
  data: v.strictObject({ recoveryId, subscriptionId }),
  touches: recoveryDecided,
});

export const recoveryResumed = defineEvent({
  type: 'webhook.recovery.resumed',
  version: 1,
  data: v.strictObject({ recoveryId, subscriptionId }),
  touches: recoveryDecided,
});

export const recoveryFinished = defineEvent({
  type: 'webhook.recovery.finished',
  version: 1,
  data: v.strictObject({
    recoveryId,
    subscriptionId,
    outcome: v.picklist(['DONE', 'STOPPED_AT_BOUND']),
    doneCount: amount,
    failedCount: amount,
  }),
  touches: (data) => [recoveryOf(data)],
});
export type RecoveryFinished = v.InferOutput<typeof recoveryFinished.data>;

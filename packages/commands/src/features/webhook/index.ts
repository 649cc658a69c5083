import { defineFeature, type FeatureDefinition } from '../../definition/registry.ts';
import { cancelRecovery } from './commands/cancel-recovery.ts';
import { createSubscription } from './commands/create-subscription.ts';
import { deleteSubscription } from './commands/delete-subscription.ts';
import { finishRecovery } from './commands/finish-recovery.ts';
import { pauseSubscription } from './commands/pause-subscription.ts';
import { recordHealth } from './commands/record-health.ts';
import { recover } from './commands/recover.ts';
import { replayDelivery } from './commands/replay-delivery.ts';
import { resumeRecovery } from './commands/resume-recovery.ts';
import { resumeSubscription } from './commands/resume-subscription.ts';
import { rotateWebhookSecret } from './commands/rotate-secret.ts';
import { sendTest } from './commands/send-test.ts';
import { updateSubscription } from './commands/update-subscription.ts';
import { webhookRecovery, webhookRosterEntry, webhookSubscription } from './entities.ts';
import {
  recoveryCancelled,
  recoveryFinished,
  recoveryResumed,
  recoveryStarted,
  subscriptionCreated,
  subscriptionDeleted,
  subscriptionHealthChanged,
  subscriptionPaused,
  subscriptionResumed,
  subscriptionSecretRotated,
  subscriptionTestRequested,
  subscriptionUpdated,
} from './events.ts';
import { countDeliveries, getDelivery, listDeliveries } from './queries/deliveries.ts';
import { listRecoveries } from './queries/recoveries.ts';
import { previewRecovery } from './queries/recovery-preview.ts';
import { getSubscription, listSubscriptions } from './queries/subscriptions.ts';

export { type WebhookRecoveryState, type WebhookSubscriptionState } from './entities.ts';
export { webhookBounds } from './webhook-bounds.ts';
export { webhookRecovery, webhookRosterEntry, webhookSubscription };
export { createSubscription, deleteSubscription, pauseSubscription, resumeSubscription, updateSubscription };
export { cancelRecovery, finishRecovery, recover, replayDelivery, resumeRecovery };
export { recordHealth, rotateWebhookSecret, sendTest };
export { subscriptionCreated, subscriptionHealthChanged, subscriptionTestRequested };

/** Telling partners what happened: to whom, from where on, and again where it did not arrive. */
export const webhooks: FeatureDefinition = defineFeature({
  name: 'webhook',
  commands: [
    createSubscription,
    updateSubscription,
    pauseSubscription,
    resumeSubscription,
    rotateWebhookSecret,
    deleteSubscription,
    sendTest,
    recover,
    replayDelivery,
    cancelRecovery,
    resumeRecovery,
    finishRecovery,
    recordHealth,
  ],
  queries: [
    listSubscriptions,
    getSubscription,
    listDeliveries,
    getDelivery,
    countDeliveries,
    listRecoveries,
    previewRecovery,
  ],
  events: [
    subscriptionCreated,
    subscriptionUpdated,
    subscriptionPaused,
    subscriptionResumed,
    subscriptionSecretRotated,
    subscriptionDeleted,
    subscriptionTestRequested,
    subscriptionHealthChanged,
    recoveryStarted,
    recoveryCancelled,
    recoveryResumed,
    recoveryFinished,
  ],
  entities: [webhookSubscription, webhookRosterEntry, webhookRecovery],
  agentSurface: {
    summary: 'See who is told of events and what arrived; pause, resume, test and recover deliveries.',
  },
});

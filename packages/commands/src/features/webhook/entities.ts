import { canonicalBytes, type JsonValue } from '@karmanflow/receipts';
import type { Id } from '@karmanflow/schema';
import { defineEntity, type PastEvent } from '../../definition/entity.ts';
import type {
  RecoveryFinished,
  RecoveryStarted,
  SubscriptionCreated,
  SubscriptionHealthChanged,
  SubscriptionResumed,
  SubscriptionSecretRotated,
  SubscriptionUpdated,
} from './events.ts';
import type {
  HealthState,
  Ordering,
  RecoveryKind,
  RecoveryStatus,
  StartMode,
  SubscriptionSettings,
  SubscriptionState,
} from './shapes.ts';

function existing<State>(state: State | undefined, event: { readonly type: string }): State {
  if (state === undefined) throw new Error(`${event.type} came before what it concerns`);
  return state;
}

export const canonicalText = (value: unknown): string =>
  // Of shapes that are JSON by their schema, which their types do not say by themselves.
  new TextDecoder().decode(canonicalBytes(value as JsonValue));

/** A partner that is to be told of events, as people decided. */
export interface WebhookSubscriptionState {
  readonly id: Id<'webhookSubscription'>;
  readonly url: string;
  readonly description: string | null;
  readonly eventTypes: readonly string[];
  readonly ordering: Ordering;
  /** Canonical JSON of an object from name to value. */
  readonly headers: string;
  readonly ratePerSecond: number;
  readonly maxInFlight: number;
  readonly isAsymmetric: boolean;
  readonly state: SubscriptionState;
  readonly secretVersion: number;
  /** The oldest secret that still signs, until then. */
  readonly retiringVersion: number | null;
  readonly retiringUntil: string | null;
  readonly generation: number;
  readonly startMode: StartMode;
  readonly startSeq: number | null;
  readonly startEventId: Id<'event'>;
  readonly healthEpoch: number;
  readonly health: HealthState;
  readonly healthReason: string;
  /** Canonical JSON. */
  readonly healthEvidence: string;
  readonly healthSince: string;
}

const settingsOf = (settings: SubscriptionSettings) => ({
  url: settings.url,
  description: settings.description,
  eventTypes: settings.eventTypes,
  ordering: settings.ordering,
  headers: canonicalText(settings.headers),
  ratePerSecond: settings.ratePerSecond,
  maxInFlight: settings.maxInFlight,
  isAsymmetric: settings.asymmetric,
});

/** A fresh start: nothing that was seen before says anything any more. */
const startAfresh = (input: { epoch: number; health: HealthState; reason: string; since: string }) => ({
  healthEpoch: input.epoch,
  health: input.health,
  healthReason: input.reason,
  healthEvidence: '{}',
  healthSince: input.since,
});

export const webhookSubscription = defineEntity<WebhookSubscriptionState>({
  name: 'webhook_subscription',
  table: 'webhook_subscriptions',
  locked: true,
  key: ['id'],
  fields: {
    id: { column: 'id', id: 'webhookSubscription' },
    url: { column: 'url' },
    description: { column: 'description' },
    eventTypes: { column: 'event_types' },
    ordering: { column: 'ordering' },
    headers: { column: 'headers' },
    ratePerSecond: { column: 'rate_per_second' },
    maxInFlight: { column: 'max_in_flight' },
    isAsymmetric: { column: 'is_asymmetric' },
    state: { column: 'state' },
    secretVersion: { column: 'secret_version' },
    retiringVersion: { column: 'retiring_version' },
    retiringUntil: { column: 'retiring_until' },
    generation: { column: 'generation' },
    startMode: { column: 'start_mode' },
    startSeq: { column: 'start_seq' },
    startEventId: { column: 'start_event_id', id: 'event' },
    healthEpoch: { column: 'health_epoch' },
    health: { column: 'health' },
    healthReason: { column: 'health_reason' },
    healthEvidence: { column: 'health_evidence' },
    healthSince: { column: 'health_since' },
  },
  evolve: {
    'webhook.subscription.created': (_state, { data, eventId, occurredAt }: PastEvent<SubscriptionCreated>) => ({
      id: data.subscriptionId,
      ...settingsOf(data),
      state: 'ENABLED' as const,
      secretVersion: 1,
      retiringVersion: null,
      retiringUntil: null,
      generation: 1,
      startMode: data.startMode,
      startSeq: data.startSeq,
      startEventId: eventId,
      ...startAfresh({ epoch: 1, health: 'HEALTHY', reason: 'new', since: occurredAt }),
    }),
    'webhook.subscription.updated': (state, event: PastEvent<SubscriptionUpdated>) => {
      const before = existing(state, event);
      const { data, occurredAt: since } = event;
      const epoch = before.healthEpoch + 1;
      const fresh = startAfresh({ epoch, health: 'HEALTHY', reason: 'target_changed', since });
      return { ...before, ...settingsOf(data), ...(before.url === data.url ? {} : fresh) };
    },
    'webhook.subscription.paused': (state, event: PastEvent<unknown>) => ({
      ...existing(state, event),
      state: 'PAUSED' as const,
    }),
    'webhook.subscription.resumed': (state, event: PastEvent<SubscriptionResumed>) => {
      const before = existing(state, event);
      const { data, eventId, occurredAt: since } = event;
      const startMode: StartMode = data.from === 'NOW' ? 'FROM_NOW' : 'LATEST_PER_ENTITY';
      const elsewhere = { generation: data.generation, startMode, startSeq: null, startEventId: eventId };
      return {
        ...before,
        state: 'ENABLED' as const,
        ...(data.from === 'WHERE_IT_STOPPED' ? {} : elsewhere),
        // Nobody knows yet whether it is back.
        ...startAfresh({ epoch: before.healthEpoch + 1, health: 'DEGRADED', reason: 'resumed_by_operator', since }),
      };
    },
    'webhook.subscription.secret_rotated': (state, event: PastEvent<SubscriptionSecretRotated>) => {
      const { secretVersion, retiringVersion, retiringUntil } = event.data;
      return { ...existing(state, event), secretVersion, retiringVersion, retiringUntil };
    },
    'webhook.subscription.deleted': (state, event: PastEvent<unknown>) => ({
      ...existing(state, event),
      state: 'DELETED' as const,
      retiringVersion: null,
      retiringUntil: null,
    }),
    'webhook.subscription.health_changed': (state, event: PastEvent<SubscriptionHealthChanged>) => ({
      ...existing(state, event),
      health: event.data.health,
      healthReason: event.data.reason,
      healthEvidence: canonicalText(event.data.evidence),
      healthSince: event.data.since,
    }),
  },
});

/** That there is a subscription, and by its version that something was decided: what is seen across tenants. */
export interface WebhookRosterEntryState {
  readonly subscriptionId: Id<'webhookSubscription'>;
  readonly status: 'LIVE' | 'ENDED';
}

export const webhookRosterEntry = defineEntity<WebhookRosterEntryState>({
  name: 'webhook_roster_entry',
  table: 'webhook_roster',
  locked: true,
  key: ['subscriptionId'],
  fields: {
    subscriptionId: { column: 'subscription_id', id: 'webhookSubscription' },
    status: { column: 'status' },
  },
  evolve: {
    'webhook.subscription.created': (_state, { data }: PastEvent<SubscriptionCreated>) => ({
      subscriptionId: data.subscriptionId,
      status: 'LIVE' as const,
    }),
    'webhook.subscription.updated': existing,
    'webhook.subscription.paused': existing,
    'webhook.subscription.resumed': existing,
    'webhook.subscription.secret_rotated': existing,
    'webhook.subscription.deleted': (state, event: PastEvent<unknown>) => ({
      ...existing(state, event),
      status: 'ENDED' as const,
    }),
    'webhook.recovery.started': existing,
    'webhook.recovery.cancelled': existing,
    'webhook.recovery.resumed': existing,
  },
});

/** A range of the stream, or one delivery, that is sent again. */
export interface WebhookRecoveryState {
  readonly id: Id<'webhookRecovery'>;
  readonly subscriptionId: Id<'webhookSubscription'>;
  readonly kind: RecoveryKind;
  readonly deliveryId: Id<'webhookDelivery'> | null;
  /** Both positions included. */
  readonly fromSeq: number | null;
  readonly toSeq: number | null;
  /** None: those of the subscription. */
  readonly eventTypes: readonly string[];
  readonly onlyFailed: boolean;
  readonly expectedCount: number;
  readonly status: RecoveryStatus;
  readonly doneCount: number;
  readonly failedCount: number;
  readonly startedAt: string;
  readonly finishedAt: string | null;
}

export const webhookRecovery = defineEntity<WebhookRecoveryState>({
  name: 'webhook_recovery',
  table: 'webhook_recoveries',
  locked: true,
  key: ['id'],
  fields: {
    id: { column: 'id', id: 'webhookRecovery' },
    subscriptionId: { column: 'subscription_id', id: 'webhookSubscription' },
    kind: { column: 'kind' },
    deliveryId: { column: 'delivery_id', id: 'webhookDelivery' },
    fromSeq: { column: 'from_seq' },
    toSeq: { column: 'to_seq' },
    eventTypes: { column: 'event_types' },
    onlyFailed: { column: 'only_failed' },
    expectedCount: { column: 'expected_count' },
    status: { column: 'status' },
    doneCount: { column: 'done_count' },
    failedCount: { column: 'failed_count' },
    startedAt: { column: 'started_at' },
    finishedAt: { column: 'finished_at' },
  },
  evolve: {
    'webhook.recovery.started': (_state, { data, occurredAt }: PastEvent<RecoveryStarted>) => ({
      id: data.recoveryId,
      subscriptionId: data.subscriptionId,
      kind: data.kind,
      deliveryId: data.deliveryId,
      fromSeq: data.fromSeq,
      toSeq: data.toSeq,
      eventTypes: data.eventTypes,
      onlyFailed: data.onlyFailed,
      expectedCount: data.expectedCount,
      status: 'RUNNING' as const,
      doneCount: 0,
      failedCount: 0,
      startedAt: occurredAt,
      finishedAt: null,
    }),
    'webhook.recovery.cancelled': (state, event: PastEvent<unknown>) => ({
      ...existing(state, event),
      status: 'CANCELLED' as const,
      finishedAt: event.occurredAt,
    }),
    'webhook.recovery.resumed': (state, event: PastEvent<unknown>) => ({
      ...existing(state, event),
      status: 'RUNNING' as const,
      finishedAt: null,
    }),
    'webhook.recovery.finished': (state, event: PastEvent<RecoveryFinished>) => ({
      ...existing(state, event),
      status: event.data.outcome,
      doneCount: event.data.doneCount,
      failedCount: event.data.failedCount,
      finishedAt: event.occurredAt,
    }),
  },
});

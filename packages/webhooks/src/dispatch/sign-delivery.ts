import type { Id, Scope } from '@karmanflow/schema';
import {
  deriveSubscriptionSecret,
  deriveSubscriptionSigningKey,
  type WebhookMaster,
} from '../subscription/derive-subscription-secret.ts';
import { liveSecretVersions, type SecretVersions } from '../subscription/live-secret-versions.ts';
import { signWebhook } from '../sign-webhook.ts';
import { deliveryBody } from './delivery-body.ts';
import { deliveryMessageId } from './delivery-message-id.ts';
import { type DeliverySequence, sequenceHeader } from './delivery-sequence.ts';

/** Headers of ours that a receiver may read. Names are lower case. */
export const deliveryHeaderNames = {
  sequence: 'karmanflow-sequence',
  replay: 'karmanflow-replay',
} as const;

export interface SignDeliveryInput {
  readonly master: WebhookMaster;
  readonly scope: Scope;
  readonly subscription: SecretVersions & {
    readonly id: Id<'webhookSubscription'>;
    /** Whether v1a signatures are wanted besides v1. */
    readonly isAsymmetric: boolean;
  };
  readonly eventId: Id<'event'>;
  /** The stored envelope. */
  readonly event: Uint8Array;
  readonly sequence: DeliverySequence;
  readonly nowMilliseconds: number;
  /** Of the trace that the event belongs to, where it has one. */
  readonly traceparent: string | null;
  /** The recovery that sends it again; null for what is sent as it happens. */
  readonly recoveryId: Id<'webhookRecovery'> | null;
}

export interface SignedDelivery {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The headers and the exact bytes of one attempt; also what polling answers for the same event. */
export function signDelivery(input: SignDeliveryInput): SignedDelivery {
  const { master, scope, subscription, sequence, nowMilliseconds, traceparent, recoveryId } = input;
  const body = deliveryBody({ event: input.event, sequence });
  const versions = liveSecretVersions(subscription, nowMilliseconds);
  const secretOf = (secretVersion: number) => ({ ...scope, master, subscriptionId: subscription.id, secretVersion });
  const position = sequenceHeader(sequence);
  const signature = signWebhook({
    secrets: versions.map((version) => deriveSubscriptionSecret(secretOf(version))),
    signingKeys: subscription.isAsymmetric
      ? versions.map((version) => deriveSubscriptionSigningKey(secretOf(version)).signingKey)
      : [],
    messageId: deliveryMessageId({ subscriptionId: subscription.id, eventId: input.eventId }),
    timestampSeconds: Math.floor(nowMilliseconds / 1000),
    body,
  });
  return {
    body,
    headers: {
      'content-type': 'application/json',
      ...signature,
      ...(position === undefined ? {} : { [deliveryHeaderNames.sequence]: position }),
      ...(recoveryId === null ? {} : { [deliveryHeaderNames.replay]: recoveryId }),
      ...(traceparent === null ? {} : { traceparent }),
    },
  };
}

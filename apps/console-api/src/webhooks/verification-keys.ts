import type { Database, Id, Scope } from '@karmanflow/schema';
import { deriveSubscriptionSigningKey, liveSecretVersions, type WebhookMaster } from '@karmanflow/webhooks';
import { readSubscription } from './read-subscription.ts';

export interface VerificationKeys {
  readonly subscriptionId: Id<'webhookSubscription'>;
  readonly keys: readonly {
    readonly secretVersion: number;
    /** `whpk_…` */
    readonly publicKey: string;
    readonly validUntil: string | null;
  }[];
}

/** The public keys of a subscription that signs with v1a, the newest first. null for every other one. */
export async function readVerificationKeys(
  database: Database,
  wanted: {
    readonly scope: Scope;
    readonly subscriptionId: Id<'webhookSubscription'>;
    readonly master: WebhookMaster;
    readonly nowMilliseconds: number;
  },
): Promise<VerificationKeys | null> {
  const { scope, subscriptionId, master, nowMilliseconds } = wanted;
  const subscription = await database.read(scope, (db) => readSubscription(db, { scope, subscriptionId }));
  if (!subscription?.isAsymmetric) return null;
  const keys = liveSecretVersions(subscription, nowMilliseconds).map((secretVersion) => ({
    secretVersion,
    publicKey: deriveSubscriptionSigningKey({ ...scope, master, subscriptionId, secretVersion }).publicKey,
    validUntil: secretVersion === subscription.secretVersion ? null : subscription.retiringUntil,
  }));
  return { subscriptionId, keys };
}

import {
  bootDatabase,
  type Configuration,
  type Logger,
  type Profile,
  readSecretText,
  type SecretStore,
} from '@karmanflow/runtime';
import type { Database } from '@karmanflow/schema';
import {
  type DeliveryNetwork,
  type EgressProxy,
  requireWebhookMaster,
  type TargetPolicy,
  type WebhookMaster,
} from '@karmanflow/webhooks';
import type { deliveryVariables } from './delivery-variables.ts';
import { workerDeliveryLimits } from './worker-delivery-limits.ts';

const dayMilliseconds = 24 * 60 * 60 * 1_000;

/** What delivery stands on, opened. */
export interface DeliveryParts {
  /** As kf_delivery; closed by who stops the process. */
  readonly database: Database;
  readonly master: WebhookMaster;
  readonly policy: TargetPolicy;
  readonly egressProxy: EgressProxy | null;
  /** How long a delivery is kept after its end. */
  readonly historyMilliseconds: number;
  /** The real one unless a test has another. */
  readonly network?: DeliveryNetwork;
}

/**
 * Opens what the configuration names, or nothing when this process delivers nothing. Throws when the master is none, and what
 * opening the database throws.
 */
export async function openDelivery(
  configuration: Configuration<typeof deliveryVariables>,
  ports: { readonly secretStore: SecretStore; readonly profile: Profile; readonly logger: Logger },
): Promise<DeliveryParts | null> {
  const { secretStore, profile, logger } = ports;
  const reference = configuration.KF_DELIVERY_DATABASE_URL_REF;
  if (reference === null) {
    const level = profile === 'local' ? 'info' : 'warn';
    logger[level]({}, 'this process sends no webhooks: no database of delivery is named');
    return null;
  }
  const master = requireWebhookMaster(await readSecretText(secretStore, configuration.KF_WEBHOOK_MASTER_REF));
  const database = await bootDatabase({
    url: await readSecretText(secretStore, reference),
    role: 'kf_delivery',
    profile,
    applicationName: 'delivery',
    logger,
    connectionsMax: workerDeliveryLimits.connections,
  });
  return {
    database,
    master,
    policy: targetPolicyOf(profile),
    egressProxy: configuration.KF_EGRESS_PROXY,
    historyMilliseconds: configuration.KF_WEBHOOK_HISTORY_DAYS * dayMilliseconds,
  };
}

/** Loopback, plain http and other ports than those of the web are for development: elsewhere they would be our own network. */
function targetPolicyOf(profile: Profile): TargetPolicy {
  return profile === 'local' ? { localTargets: true, ports: 'high' } : { localTargets: false, ports: 'standard' };
}

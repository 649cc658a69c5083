import { type Database, type Id, type Scope, toUuid } from '@karmanflow/schema';
import type { SecretVersions } from '@karmanflow/webhooks';

export type Reader = Parameters<Parameters<Database['read']>[1]>[0];

export interface SigningSubscription extends SecretVersions {
  readonly id: Id<'webhookSubscription'>;
  readonly isAsymmetric: boolean;
  readonly state: string;
  readonly health: string;
}

/** What signing for a subscription needs; null where there is none, or it is deleted and signs nothing any more. */
export async function readSubscription(
  db: Reader,
  { scope, subscriptionId }: { readonly scope: Scope; readonly subscriptionId: Id<'webhookSubscription'> },
): Promise<SigningSubscription | null> {
  const row = await db
    .selectFrom('webhook_subscriptions')
    .select(['secret_version', 'retiring_version', 'retiring_until', 'is_asymmetric', 'state', 'health'])
    .where('tenant_id', '=', toUuid(scope.tenantId))
    .where('environment_id', '=', toUuid(scope.environmentId))
    .where('id', '=', toUuid(subscriptionId))
    .executeTakeFirst();
  if (!row || row.state === 'DELETED') return null;
  return {
    id: subscriptionId,
    secretVersion: row.secret_version,
    retiringVersion: row.retiring_version,
    retiringUntil: row.retiring_until,
    isAsymmetric: row.is_asymmetric,
    state: row.state,
    health: row.health,
  };
}

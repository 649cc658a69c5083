import type { Logger } from '@karmanflow/runtime';
import type { HistoryPlaces, HistoryPosition, Removal, RemovalInput, WorkPlace } from '@karmanflow/webhooks';
import type { DeliveryMetrics } from './delivery-metrics.ts';
import { createTenantRotation, type Waiting } from './tenant-rotation.ts';
import { workerDeliveryLimits } from './worker-delivery-limits.ts';

export interface HistoryPorts {
  readonly find: (after: HistoryPosition | null) => Promise<HistoryPlaces>;
  readonly remove: (input: RemovalInput) => Promise<Removal>;
  readonly logger: Logger;
  readonly metrics: Pick<DeliveryMetrics, 'removed' | 'removalFailed'>;
  readonly monotonicNow: () => number;
  /** Ends early when the process stops. */
  readonly rest: (milliseconds: number) => Promise<void>;
  /** How long a delivery is kept after its end. */
  readonly historyMilliseconds: number;
}

interface Walk extends WorkPlace, Waiting {
  readonly endedBeforeMilliseconds: number;
  afterId: string | null;
}

/**
 * Goes through the history of all subscriptions once and removes what is over for long: piece by piece, tenants in rotation, so
 * that one with much to remove does not keep the others waiting. Rests between pieces, since the deliveries need the database
 * too. A subscription at which it fails is left for the next time. Throws when subscriptions cannot be looked for.
 */
export async function removeHistory(ports: HistoryPorts, signal: AbortSignal): Promise<void> {
  let after: HistoryPosition | null = null;
  do {
    const page: HistoryPlaces = await ports.find(after);
    await removeOf(page, { ports, signal });
    after = page.next;
  } while (after !== null && !signal.aborted);
}

async function removeOf(
  page: HistoryPlaces,
  { ports, signal }: { readonly ports: HistoryPorts; readonly signal: AbortSignal },
): Promise<void> {
  const rotation = createTenantRotation<Walk>();
  const endedBeforeMilliseconds = page.nowMilliseconds - ports.historyMilliseconds;
  for (const { scope, subscriptionId } of page.places) {
    const key = `${scope.environmentId} ${subscriptionId}`;
    rotation.add({ scope, subscriptionId, tenantId: scope.tenantId, key, endedBeforeMilliseconds, afterId: null });
  }
  for (let walk = rotation.take(() => true); walk !== undefined && !signal.aborted; walk = rotation.take(() => true)) {
    const startedAt = ports.monotonicNow();
    const next = await removeNext(walk, ports);
    if (next !== null) rotation.add({ ...walk, afterId: next });
    await ports.rest((ports.monotonicNow() - startedAt) * workerDeliveryLimits.removalRestFactor);
  }
}

/** Where the walk goes on; null at its end. */
async function removeNext(walk: Walk, { remove, metrics, logger }: HistoryPorts): Promise<string | null> {
  const { scope, subscriptionId, endedBeforeMilliseconds, afterId } = walk;
  try {
    const removal = await remove({ scope, subscriptionId, endedBeforeMilliseconds, afterId });
    metrics.removed(removal);
    return removal.nextAfterId;
  } catch (error) {
    metrics.removalFailed();
    logger.warn(
      { err: error, ...scope, subscriptionId },
      'history of deliveries could not be removed; it is tried again',
    );
    return null;
  }
}

import type { Scope, UuidSource } from '@karmanflow/schema';
import type { EndpointHealth, HealthPolicy } from '../delivery/endpoint-health.ts';
import type { DeliveryVerdict } from '../delivery/judge-result.ts';
import type { RetrySchedule } from '../delivery/retry-schedule.ts';
import type { ClaimedDelivery } from './claimed-delivery.ts';
import type { LatestOfRange } from './latest-of-range.ts';
import type { AttemptResult } from './settle-attempt.ts';
import type { SubscriptionView } from './subscription-rows.ts';

export interface VisitInput {
  readonly scope: Scope;
  /** UUID. */
  readonly subscriptionId: string;
  /** Attempts of this process that have ended since the last visit. */
  readonly results: readonly AttemptResult[];
  /** How many deliveries this process may take on now. */
  readonly capacity: number;
  /** What an earlier visit asked for with `latestWanted`. */
  readonly latest?: LatestOfRange | undefined;
  readonly uuidSource: UuidSource;
  readonly healthPolicy?: HealthPolicy | undefined;
  readonly schedule?: RetrySchedule | undefined;
}

/** A recovery of which nothing is under way any more: its command is to say so. */
export interface EndedRecovery {
  readonly recoveryId: string;
  readonly doneCount: number;
  readonly failedCount: number;
  readonly moreMatch: boolean;
}

export interface Visited {
  readonly kind: 'visited';
  /** As the visit found it; `health` speaks of this one. */
  readonly subscription: SubscriptionView;
  /** As it stood behind everything that was admitted: by this the claimed ones are signed and sent. */
  readonly current: SubscriptionView;
  readonly claimed: readonly ClaimedDelivery[];
  readonly verdicts: readonly DeliveryVerdict[];
  readonly fencedOff: number;
  readonly lost: number;
  readonly admitted: number;
  readonly health: EndpointHealth;
  /** Whether the subscription's own row, which people see, does not say what its health is. */
  readonly isHealthUntold: boolean;
  readonly endedRecovery: EndedRecovery | null;
  /** The range whose latest events have to be found before anything more of the stream is admitted. */
  readonly latestWanted: LatestWanted | null;
  /** Whether there is more to do at once. */
  readonly hasMore: boolean;
  /** The database's clock, at the beginning of the transaction. */
  readonly nowMilliseconds: number;
}

/**
 * not_yet  the beginning of the subscription has no position in the stream yet, or it is not there
 * begun    it is seen for the first time; the next visit does something
 */
export type VisitOutcome = { readonly kind: 'not_yet' } | { readonly kind: 'begun' } | Visited;

export interface LatestWanted {
  readonly afterSeq: number;
  readonly throughSeq: number;
  readonly patterns: readonly string[];
}

import type { Send } from '@karmanflow/events';
import { type EndpointHealth, type HealthPolicy, newEndpointHealth } from '../delivery/endpoint-health.ts';
import { evolveHealth } from '../delivery/evolve-health.ts';
import { dropPending, generationStart, selectStart } from './begin-generation.ts';
import { type LeasedRow, selectLeased } from './record-attempts.ts';
import type { ScopePair } from './row-statements.ts';
import { type CursorRow, selectCursor, selectSubscription, type SubscriptionView } from './subscription-rows.ts';

/** What a visit finds, under the lock on the cursor. */
export interface FoundState {
  readonly subscription: SubscriptionView;
  /** Null for a subscription that nobody has visited yet. */
  readonly cursor: CursorRow | null;
  readonly leased: readonly LeasedRow[];
  readonly nowMilliseconds: number;
}

export async function readState(
  send: Send,
  place: { readonly pair: ScopePair; readonly subscriptionId: string; readonly deliveryIds: readonly string[] },
): Promise<FoundState | null> {
  const { pair, subscriptionId, deliveryIds } = place;
  const [cursors, subscriptions, leased] = await send([
    selectCursor(pair, subscriptionId),
    selectSubscription(pair, subscriptionId),
    selectLeased(pair, deliveryIds),
  ]);
  // The rows of statements that name their columns: what is read is what the tables say it is.
  const subscription = subscriptions?.rows[0] as unknown as SubscriptionView | undefined;
  if (subscription === undefined) return null;
  return {
    subscription,
    cursor: (cursors?.rows[0] ?? null) as unknown as CursorRow | null,
    leased: (leased?.rows ?? []) as unknown as readonly LeasedRow[],
    nowMilliseconds: Date.parse(subscription.now),
  };
}

/** How far a subscription has come, as the visit leaves it. */
export interface Progress {
  readonly generation: number;
  readonly admittedSeq: number;
  readonly nextOrdinal: number;
  readonly compactUntilSeq: number | null;
}

/**
 * Goes on where the cursor stands, or begins the generation that somebody decided upon since: then what the one before had not
 * ended is dropped. Null while the beginning has no position yet.
 */
export async function takeOver(
  send: Send,
  state: { readonly pair: ScopePair; readonly subscription: SubscriptionView; readonly cursor: CursorRow },
): Promise<Progress | null> {
  const { pair, subscription, cursor } = state;
  if (subscription.generation === cursor.generation) {
    return {
      generation: cursor.generation,
      admittedSeq: cursor.admitted_seq,
      nextOrdinal: cursor.next_ordinal,
      compactUntilSeq: cursor.compact_until_seq,
    };
  }
  const [starts] = await send([selectStart(pair, subscription.start_event_id)]);
  const startSeq = starts?.rows[0] ? Number(starts.rows[0]['seq']) : null;
  const { generation, id: subscriptionId } = subscription;
  if (generationStart(subscription, { startSeq, reached: cursor.admitted_seq }) === null) return null;
  const [dropped] = await send([
    dropPending(pair, { subscriptionId, beforeGeneration: generation, why: 'begun_elsewhere' }),
  ]);
  const reached = Math.min(cursor.admitted_seq, ...(dropped?.rows ?? []).map((row) => Number(row['seq']) - 1));
  const start = generationStart(subscription, { startSeq, reached });
  if (start === null) return null;
  return { generation, nextOrdinal: 1, ...start };
}

/** What people decided about an endpoint, in the terms of its health. */
export function decidedHealth(
  state: Pick<FoundState, 'subscription' | 'nowMilliseconds'> & { readonly cursor: CursorRow },
  policy?: HealthPolicy,
): { readonly health: EndpointHealth; readonly isFreshStart: boolean } {
  const { subscription, cursor, nowMilliseconds: atMilliseconds } = state;
  let health = subscription.health_state ?? newEndpointHealth({ atMilliseconds });
  const isFreshStart = cursor.health_epoch !== subscription.health_epoch;
  if (isFreshStart) {
    const kind = subscription.health_reason === 'target_changed' ? 'target_changed' : 'resumed';
    health = evolveHealth(health, { kind, atMilliseconds }, policy);
  }
  if (subscription.state === 'PAUSED') health = evolveHealth(health, { kind: 'paused', atMilliseconds }, policy);
  if (subscription.state === 'ENABLED' && health.status === 'paused') {
    health = evolveHealth(health, { kind: 'resumed', atMilliseconds }, policy);
  }
  return { health, isFreshStart };
}

import type { Send } from '@karmanflow/events';
import type { UuidSource } from '@karmanflow/schema';
import {
  type AdmittedEvent,
  entityName,
  type NewDelivery,
  numberEvents,
  type NumberedEvent,
  placeDeliveries,
  readPositions,
  requireContiguous,
  selectPage,
  selectPendingKeys,
  selectPositions,
  selectPrevious,
  wantedEvents,
} from './admit-page.ts';
import type { DeliveryOrdering } from './delivery-sequence.ts';
import { dispatchLimits } from './dispatch-limits.ts';
import type { LatestOfRange } from './latest-of-range.ts';
import type { ChainLink } from './order-chain.ts';
import {
  type EarlierDelivery,
  recoveryRange,
  replaysOf,
  type RunningRecovery,
  selectEarlier,
  selectOriginal,
} from './replay-range.ts';
import type { ScopePair } from './row-statements.ts';
import type { SubscriptionView } from './subscription-rows.ts';
import type { Progress } from './visit-state.ts';

export interface AdmitOptions {
  readonly send: Send;
  readonly pair: ScopePair;
  readonly subscription: SubscriptionView;
  readonly progress: Progress;
  readonly uuidSource: UuidSource;
}

interface LivePage {
  readonly events: readonly NumberedEvent[];
  readonly progress: Progress;
  /** Whether there may be more, and room for it. */
  readonly hasMore: boolean;
}

/** The next page of the stream as numbered deliveries. */
export async function readLivePage(
  options: AdmitOptions & { readonly latest: LatestOfRange | null; readonly eventsMax: number },
): Promise<LivePage> {
  const { send, pair, progress, latest, eventsMax } = options;
  const { event_types: patterns } = options.subscription;
  const { admittedSeq: afterSeq, compactUntilSeq } = progress;
  const isCompacting = compactUntilSeq !== null && latest !== null && afterSeq >= latest.wholeThroughSeq;
  if (isCompacting) return readCompactedPage({ ...options, latest, untilSeq: compactUntilSeq });
  const throughSeq = compactUntilSeq === null ? null : (latest?.wholeThroughSeq ?? compactUntilSeq);
  const [answer] = await send([selectPage(pair, { afterSeq, throughSeq, patterns })]);
  const page = readPositions(answer?.rows ?? []);
  requireContiguous(page, afterSeq);
  const all = wanted(options, page);
  const events = await number(options, all.slice(0, eventsMax));
  const isCut = events.length < all.length;
  const admittedSeq = (isCut ? events.at(-1)?.seq : page.at(-1)?.seq) ?? afterSeq;
  return {
    events,
    progress: { ...progress, admittedSeq, nextOrdinal: progress.nextOrdinal + events.length },
    hasMore: !isCut && (page.length === dispatchLimits.pagePositions || throughSeq !== null),
  };
}

/** While only the latest of each entity is taken, the cursor steps from one of them to the next. */
async function readCompactedPage(
  options: AdmitOptions & {
    readonly latest: LatestOfRange;
    readonly untilSeq: number;
    readonly eventsMax: number;
  },
): Promise<LivePage> {
  const { send, pair, progress, latest, untilSeq } = options;
  const left = latest.seqs.filter((seq) => seq > progress.admittedSeq);
  const seqs = left.slice(0, Math.min(options.eventsMax, dispatchLimits.pagePositions));
  const isLast = seqs.length === left.length;
  const [answer] = await send([selectPositions(pair, seqs)]);
  const events = await number(options, wanted(options, readPositions(answer?.rows ?? [])));
  return {
    events,
    progress: {
      ...progress,
      admittedSeq: isLast ? untilSeq : (seqs.at(-1) ?? untilSeq),
      compactUntilSeq: isLast ? null : untilSeq,
      nextOrdinal: progress.nextOrdinal + events.length,
    },
    hasMore: true,
  };
}

function wanted(
  { subscription, uuidSource }: AdmitOptions,
  page: ReturnType<typeof readPositions>,
  keyPrefix = '',
): readonly AdmittedEvent[] {
  const { id: subscriptionId, event_types: patterns } = subscription;
  return wantedEvents(page, { subscriptionId, patterns, ordering: orderingOf(subscription), keyPrefix, uuidSource });
}

async function number(options: AdmitOptions, events: readonly AdmittedEvent[]): Promise<readonly NumberedEvent[]> {
  const { send, pair, subscription, progress } = options;
  const { generation, nextOrdinal } = progress;
  const ordering = orderingOf(subscription);
  const previous = new Map<string, number>();
  if (ordering === 'BY_ENTITY' && events.length > 0 && nextOrdinal > 1) {
    const [answer] = await send([
      selectPrevious(pair, { subscriptionId: subscription.id, generation, entities: events }),
    ]);
    for (const row of answer?.rows ?? []) {
      const place = { entityType: String(row['type']), entityId: String(row['id']) };
      previous.set(entityName(place), Number(row['ordinal']));
    }
  }
  return numberEvents(events, { ordering, generation, nextOrdinal, previous });
}

/** What a recovery sends next, and how far it has come with it. */
export interface RecoveryPage {
  readonly recovery: RunningRecovery;
  readonly events: readonly NumberedEvent[];
  readonly throughSeq: number;
  readonly admittedCount: number;
  /** Nothing more is to be admitted: the range is through, or as many were sent as were approved. */
  readonly isComplete: boolean;
  readonly moreMatch: boolean;
}

/** The next page of a recovery. Null while it waits for those that it has sent, or has sent all. */
export async function readRecoveryPage(
  options: AdmitOptions & { readonly recovery: RunningRecovery },
): Promise<RecoveryPage | null> {
  const { recovery } = options;
  if (recovery.open >= dispatchLimits.replayPendingMax) return null;
  return recovery.kind === 'REPLAY' ? readOriginal(options) : readRange(options);
}

async function readRange(options: AdmitOptions & { readonly recovery: RunningRecovery }): Promise<RecoveryPage | null> {
  const { send, pair, subscription, recovery, progress } = options;
  const admitted = recovery.admitted_count ?? 0;
  const range = recoveryRange(recovery, progress.admittedSeq);
  if (range === null) {
    const throughSeq = recovery.through_seq ?? 0;
    return { recovery, events: [], throughSeq, admittedCount: admitted, isComplete: true, moreMatch: false };
  }
  const patterns = recovery.event_types.length > 0 ? recovery.event_types : subscription.event_types;
  const [answer] = await send([selectPage(pair, { ...range, patterns })]);
  const page = readPositions(answer?.rows ?? []);
  requireContiguous(page, range.afterSeq);
  const wantedBy = { ...options, subscription: { ...subscription, event_types: patterns } };
  const found = wanted(wantedBy, page, `${recovery.id}/`);
  const { generation } = progress;
  const seqs = found.map(({ seq }) => seq);
  const [before] = await send([selectEarlier(pair, { subscriptionId: subscription.id, generation, seqs })]);
  const earlier = (before?.rows ?? []) as unknown as readonly EarlierDelivery[]; // The columns that it names.
  const room = recovery.expected_count - admitted;
  const matching = replaysOf(found, { earlier, onlyFailed: recovery.only_failed, generation, room: Infinity });
  const events = matching.slice(0, room);
  const isCut = matching.length > events.length;
  const throughSeq = isCut ? (events.at(-1)?.seq ?? range.afterSeq) : (page.at(-1)?.seq ?? range.throughSeq);
  return {
    recovery,
    events,
    throughSeq,
    admittedCount: admitted + events.length,
    isComplete: isCut || throughSeq >= range.throughSeq,
    moreMatch: isCut,
  };
}

async function readOriginal(
  options: AdmitOptions & { readonly recovery: RunningRecovery },
): Promise<RecoveryPage | null> {
  const { send, pair, recovery } = options;
  const admitted = recovery.admitted_count ?? 0;
  const end = { recovery, isComplete: true, moreMatch: false };
  const throughSeq = recovery.through_seq ?? 0;
  if (admitted > 0 || recovery.delivery_id === null) {
    return { ...end, events: [], throughSeq, admittedCount: admitted };
  }
  const [originals] = await send([selectOriginal(pair, recovery.delivery_id)]);
  const original = originals?.rows[0] as unknown as EarlierDelivery | undefined; // The columns that it names.
  if (original === undefined) return { ...end, events: [], throughSeq, admittedCount: 0 };
  const [answer] = await send([selectPositions(pair, [original.seq])]);
  const everything = { ...options, subscription: { ...options.subscription, event_types: ['*'] } };
  const found = wanted(everything, readPositions(answer?.rows ?? []), `${recovery.id}/`);
  const { generation, ordinal, previous_ordinal: previous } = original;
  const events = found.map((event) => ({ ...event, generation, ordinal, previous }));
  return { ...end, events, throughSeq: original.seq, admittedCount: events.length };
}

/** All that is new, in its place behind what has not ended. */
export async function placeAll(
  options: AdmitOptions & { readonly live: readonly NumberedEvent[]; readonly replay: RecoveryPage | null },
): Promise<readonly NewDelivery[]> {
  const { send, pair, subscription, live, replay } = options;
  const replays = replay?.events ?? [];
  const isOrdered = [...live, ...replays].some(({ orderKeys }) => orderKeys.length > 0);
  const [answer] = isOrdered ? await send([selectPendingKeys(pair, subscription.id)]) : [];
  const pending = (answer?.rows ?? []).map(
    (row): ChainLink => ({ id: String(row['id']), orderKeys: row['order_keys'] as string[] }), // text[], never null.
  );
  const recoveryId = replay?.recovery.id ?? null;
  return placeDeliveries({ pending, live, replays, subscriptionId: subscription.id, recoveryId });
}

// The column's CHECK keeps it to these.
export function orderingOf(subscription: Pick<SubscriptionView, 'ordering'>): DeliveryOrdering {
  return subscription.ordering as DeliveryOrdering;
}

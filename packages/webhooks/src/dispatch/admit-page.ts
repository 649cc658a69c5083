import { decodeEvent, type Statement } from '@karmanflow/events';
import { schemaName, type UuidSource } from '@karmanflow/schema';
import { matchesEventType } from '../subscription/matches-event-type.ts';
import type { DeliveryOrdering } from './delivery-sequence.ts';
import { dispatchLimits } from './dispatch-limits.ts';
import { chainDeliveries, type ChainLink, orderKeysOf } from './order-chain.ts';
import { type ScopePair, within } from './row-statements.ts';

/** The event by which somebody tries a subscription out. It goes there whatever else the subscription takes. */
export const testEventType = 'webhook.subscription.test_requested';

/** A position of the stream. `body` is null where the type is not wanted. */
export interface StreamPosition {
  readonly seq: number;
  readonly eventId: string;
  readonly writtenIn: string;
  readonly body: Uint8Array | null;
}

export interface AdmittedEvent {
  readonly id: string;
  readonly seq: number;
  readonly eventId: string;
  readonly writtenIn: string;
  readonly eventType: string;
  readonly entityType: string;
  readonly entityId: string;
  readonly traceparent: string;
  readonly orderKeys: readonly string[];
  readonly body: Uint8Array;
}

/** The positions behind one, with the events of the wanted types. */
export function selectPage(
  pair: ScopePair,
  page: { readonly afterSeq: number; readonly throughSeq: number | null; readonly patterns: readonly string[] },
): Statement {
  const { exact, prefixes } = splitPatterns(page.patterns);
  return {
    name: 'webhook_page',
    text: `${positions} AND s.seq > $5 AND s.seq <= $6 ORDER BY s.seq LIMIT ${dispatchLimits.pagePositions}`,
    values: [...pair, exact, prefixes, page.afterSeq, page.throughSeq ?? Number.MAX_SAFE_INTEGER],
  };
}

/** These positions of the stream, all with their events. */
export function selectPositions(pair: ScopePair, seqs: readonly number[]): Statement {
  return {
    name: 'webhook_positions',
    text: `${positions} AND s.seq = ANY($5::bigint[]) ORDER BY s.seq`,
    values: [...pair, [], [''], seqs],
  };
}

/** Each event is looked up by its key, whatever young statistics say about joining: OFFSET 0 keeps the two apart. */
const positions =
  'SELECT s.seq, s.event_id, s.event_written_in, e.id IS NULL AS is_missing, CASE WHEN e.type = ANY($3::text[])' +
  ' OR EXISTS (SELECT FROM unnest($4::text[]) AS p (prefix) WHERE starts_with(e.type, p.prefix)) THEN e.body END AS body' +
  ` FROM ${schemaName}.stream_events s LEFT JOIN LATERAL (SELECT e.id, e.type, e.body FROM ${schemaName}.domain_events e` +
  ` WHERE ${within('e')} AND e.written_in = s.event_written_in AND e.id = s.event_id OFFSET 0) AS e ON true` +
  ` WHERE ${within('s')}`;

function splitPatterns(patterns: readonly string[]): { readonly exact: string[]; readonly prefixes: string[] } {
  const isPrefix = (pattern: string): boolean => pattern.endsWith('*');
  return {
    exact: [testEventType, ...patterns.filter((pattern) => !isPrefix(pattern))],
    prefixes: patterns.filter(isPrefix).map((pattern) => pattern.slice(0, -1)),
  };
}

/** Throws for a position whose event is not there: passing it over would lose it silently. */
export function readPositions(rows: readonly Readonly<Record<string, unknown>>[]): readonly StreamPosition[] {
  return rows.map((row) => {
    const seq = Number(row['seq']);
    if (row['is_missing'] === true) throw new Error(`position ${seq} of the stream names an event that is not there`);
    return {
      seq,
      eventId: String(row['event_id']),
      writtenIn: String(row['event_written_in']),
      body: row['body'] as Uint8Array | null, // bytea, or null where the CASE has no other branch.
    };
  });
}

/** Throws unless the page begins right behind `afterSeq` and has no gap: a gap is damage, and what is behind it waits. */
export function requireContiguous(page: readonly StreamPosition[], afterSeq: number): void {
  page.forEach(({ seq }, at) => {
    if (seq !== afterSeq + at + 1) throw new Error(`the stream has no position ${afterSeq + at + 1}`);
  });
}

/** Those positions of a page that a subscription is to have. */
export function wantedEvents(
  page: readonly StreamPosition[],
  options: {
    readonly subscriptionId: string;
    readonly patterns: readonly string[];
    readonly ordering: DeliveryOrdering;
    readonly keyPrefix: string;
    readonly uuidSource: UuidSource;
  },
): readonly AdmittedEvent[] {
  return page.flatMap(({ seq, eventId, writtenIn, body }) => {
    if (body === null) return [];
    const { eventType, entities, traceparent, data } = decodeEvent(body);
    const isTest = eventType === testEventType;
    const isWanted = isTest ? isFor(data, options.subscriptionId) : matchesEventType(options.patterns, eventType);
    if (!isWanted) return [];
    const [first] = entities;
    const orderKeys = orderKeysOf({ ordering: options.ordering, entities }).map((key) => options.keyPrefix + key);
    const place = { entityType: first?.type ?? '', entityId: first?.id ?? '' };
    return [{ id: options.uuidSource(), seq, eventId, writtenIn, eventType, ...place, traceparent, orderKeys, body }];
  });
}

function isFor(data: unknown, subscriptionId: string): boolean {
  const named = typeof data === 'object' && data !== null && 'subscriptionId' in data ? data.subscriptionId : null;
  return typeof named === 'string' && named.endsWith(subscriptionId);
}

/** The deliveries that have not ended, in the order in which they were admitted, as far as order is concerned. */
export function selectPendingKeys(pair: ScopePair, subscriptionId: string): Statement {
  return {
    name: 'webhook_pending_keys',
    text:
      `SELECT d.id, d.order_keys FROM ${schemaName}.webhook_deliveries d WHERE ${within('d')}` +
      " AND d.subscription_id = $3 AND d.ended_at IS NULL AND d.order_keys <> '{}' ORDER BY d.seq",
    values: [...pair, subscriptionId],
  };
}

/** The last ordinals of a generation that concern these entities, by `type id`. */
export function selectPrevious(
  pair: ScopePair,
  wanted: {
    readonly subscriptionId: string;
    readonly generation: number;
    readonly entities: readonly { readonly entityType: string; readonly entityId: string }[];
  },
): Statement {
  return {
    name: 'webhook_previous',
    text:
      'SELECT k.type, k.id, p.ordinal FROM unnest($5::text[], $6::text[]) AS k (type, id) JOIN LATERAL (' +
      `SELECT d.ordinal FROM ${schemaName}.webhook_deliveries d WHERE ${within('d')} AND d.subscription_id = $3` +
      ' AND d.generation = $4 AND d.entity_type = k.type AND d.entity_id = k.id AND d.ordinal IS NOT NULL' +
      ' ORDER BY d.ordinal DESC LIMIT 1) AS p ON true',
    values: [
      ...pair,
      wanted.subscriptionId,
      wanted.generation,
      wanted.entities.map(({ entityType }) => entityType),
      wanted.entities.map(({ entityId }) => entityId),
    ],
  };
}

export interface NumberedEvent extends AdmittedEvent {
  readonly generation: number;
  readonly ordinal: number | null;
  readonly previous: number | null;
}

/** Gives events of the stream their ordinals, and what must have come before each. */
export function numberEvents(
  events: readonly AdmittedEvent[],
  from: {
    readonly ordering: DeliveryOrdering;
    readonly generation: number;
    readonly nextOrdinal: number;
    readonly previous: ReadonlyMap<string, number>;
  },
): readonly NumberedEvent[] {
  const { ordering, generation, nextOrdinal } = from;
  const lastOf = new Map(from.previous);
  return events.map((event, at) => {
    const ordinal = nextOrdinal + at;
    const entity = entityName(event);
    const ofEntity = lastOf.get(entity) ?? null;
    lastOf.set(entity, ordinal);
    const before = ordinal > 1 ? ordinal - 1 : null;
    const previous = { UNORDERED: null, BY_ENTITY: ofEntity, STRICT: before }[ordering];
    return { ...event, generation, ordinal, previous };
  });
}

export function entityName(place: { readonly entityType: string; readonly entityId: string }): string {
  return `${place.entityType} ${place.entityId}`;
}

export interface NewDelivery extends NumberedEvent {
  readonly predecessors: readonly string[];
  readonly lane: 'FIRST' | 'REPLAY';
  readonly originId: string;
}

/** New deliveries in their places behind the pending ones. */
export function placeDeliveries(input: {
  readonly pending: readonly ChainLink[];
  readonly live: readonly NumberedEvent[];
  readonly replays: readonly NumberedEvent[];
  readonly subscriptionId: string;
  readonly recoveryId: string | null;
}): readonly NewDelivery[] {
  const { pending, live, replays, subscriptionId, recoveryId } = input;
  const events = [...live, ...replays];
  const chained = new Map(chainDeliveries({ pending, admitted: events }).map((link) => [link.id, link.predecessors]));
  const place = (event: NumberedEvent, lane: NewDelivery['lane'], originId: string): NewDelivery => ({
    ...event,
    predecessors: chained.get(event.id) ?? [],
    lane,
    originId,
  });
  return [
    ...live.map((event) => place(event, 'FIRST', subscriptionId)),
    ...replays.map((event) => place(event, 'REPLAY', recoveryId ?? subscriptionId)),
  ];
}

/** The row of a new delivery: claimed at once, ready, or parked behind another one. */
export function newDeliveryRow(
  delivery: NewDelivery,
  place: {
    readonly subscriptionId: string;
    readonly now: string;
    readonly lease: { readonly id: string; readonly until: string } | null;
    readonly isProbe: boolean;
  },
): Record<string, unknown> {
  const { subscriptionId, now, lease, isProbe } = place;
  const behind = delivery.predecessors.at(-1) ?? null;
  const isParked = behind !== null;
  return {
    id: delivery.id,
    subscription_id: subscriptionId,
    origin_id: delivery.originId,
    generation: delivery.generation,
    seq: delivery.seq,
    event_id: delivery.eventId,
    event_written_in: delivery.writtenIn,
    event_type: delivery.eventType,
    entity_type: delivery.entityType,
    entity_id: delivery.entityId,
    ordinal: delivery.ordinal,
    previous_ordinal: delivery.previous,
    order_keys: delivery.orderKeys,
    predecessors: delivery.predecessors,
    behind,
    is_probe: lease !== null && isProbe,
    traceparent: delivery.traceparent,
    lane: delivery.lane,
    state: isParked ? 'PARKED' : lease === null ? 'WAITING' : 'SENDING',
    attempts: 0,
    charged_attempts: 0,
    next_attempt_at: isParked ? null : now,
    why: isParked ? 'entity_before' : null,
    lease_id: lease?.id ?? null,
    lease_until: lease?.until ?? null,
    admitted_at: now,
    ended_at: null,
  };
}

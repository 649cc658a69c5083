import { type Database, type Scope, toId, toUuid } from '@karmanflow/schema';
import { signDelivery, type WebhookMaster } from '@karmanflow/webhooks';
import { missingRanges, type OrdinalRange, ordinalRanges } from './ordinal-ranges.ts';
import { pollLimits } from './poll-limits.ts';
import { type Reader, readSubscription, type SigningSubscription } from './read-subscription.ts';

/** `<generation>.<ordinal>`: what the header karmanflow-sequence of a pushed delivery says. */
export interface PollCursor {
  readonly generation: number;
  readonly ordinal: number;
}

export interface PollRequest {
  readonly scope: Scope;
  readonly subscriptionId: SigningSubscription['id'];
  /** The last one that the receiver has; null: from the beginning of the current generation. */
  readonly after: PollCursor | null;
  readonly limit: number;
  readonly master: WebhookMaster;
  readonly nowMilliseconds: number;
}

export interface PolledMessage {
  /** As a pushed delivery has them; the signature is of now. */
  readonly headers: Readonly<Record<string, string>>;
  /** The exact text that is signed. */
  readonly body: string;
}

export interface PollPage {
  readonly messages: readonly PolledMessage[];
  readonly cursor: string;
  readonly hasMore: boolean;
  /** Positions of the stream that were not looked at for this subscription yet. */
  readonly behind: number;
  readonly state: string;
  readonly health: string;
  readonly gaps: {
    /** A generation that has ended since: what it had is not given any more, the new one begins with this page. */
    readonly endedGeneration: number | null;
    /** Ordinals that should be on this page and are not there any more: they ended longer ago than history is kept. */
    readonly missing: readonly OrdinalRange[];
    /** Up to the cursor that was sent: what push has not delivered. Whoever only polls can pass it over. */
    readonly undelivered: readonly OrdinalRange[];
    /** Whether more is undelivered than is told. */
    readonly undeliveredMore: boolean;
  };
}

export type Polled =
  | { readonly ok: true; readonly page: PollPage }
  | { readonly ok: false; readonly code: 'not_found' | 'cursor_ahead' };

/** What a subscription was to be told behind a cursor: the same messages as pushed ones, by their ids and their signatures. */
export function pollDeliveries(database: Database, request: PollRequest): Promise<Polled> {
  const { scope, subscriptionId, after } = request;
  return database.read(scope, async (db): Promise<Polled> => {
    const subscription = await readSubscription(db, { scope, subscriptionId });
    if (subscription === null) return { ok: false, code: 'not_found' };
    const place = await readPlace(db, request);
    if (after !== null && (after.generation > place.generation || isAhead(after, place))) {
      return { ok: false, code: 'cursor_ahead' };
    }
    const isEnded = after !== null && after.generation < place.generation;
    const from = after === null || isEnded ? 0 : after.ordinal;
    const rows = await readRows(db, request, { generation: place.generation, from });
    const taken = withinBytes(rows.slice(0, request.limit));
    const isCut = rows.length > taken.length;
    // Numbers have no gaps: whatever was given one and is not there any more is passed over, and said to be missing.
    const last = isCut ? (taken.at(-1)?.ordinal ?? from) : Math.max(from, place.nextOrdinal - 1, ...ordinalsOf(taken));
    const undelivered = await readUndelivered(db, request, { generation: place.generation, through: from });
    return {
      ok: true,
      page: {
        messages: taken.map((row) => messageOf(row, { request, subscription, generation: place.generation })),
        cursor: `${place.generation}.${last}`,
        hasMore: isCut,
        behind: place.behind,
        state: subscription.state,
        health: subscription.health,
        gaps: {
          endedGeneration: isEnded ? after.generation : null,
          missing: missingRanges(ordinalsOf(taken), { after: from, through: last }),
          undelivered: ordinalRanges(undelivered.ordinals),
          undeliveredMore: undelivered.more,
        },
      },
    };
  });
}

interface Place {
  readonly generation: number;
  readonly nextOrdinal: number;
  readonly behind: number;
}

const isAhead = ({ generation, ordinal }: PollCursor, place: Place): boolean =>
  generation === place.generation && ordinal >= place.nextOrdinal;

/** How far the subscription has come; the beginning where nobody has taken it up yet. */
async function readPlace(db: Reader, { scope, subscriptionId }: PollRequest): Promise<Place> {
  const [tenant, environment] = [toUuid(scope.tenantId), toUuid(scope.environmentId)];
  const cursor = await db
    .selectFrom('webhook_cursors')
    .select(['generation', 'next_ordinal', 'admitted_seq'])
    .where('tenant_id', '=', tenant)
    .where('environment_id', '=', environment)
    .where('subscription_id', '=', toUuid(subscriptionId))
    .executeTakeFirst();
  const head = await db
    .selectFrom('stream_events')
    .select('seq')
    .where('tenant_id', '=', tenant)
    .where('environment_id', '=', environment)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return {
    generation: cursor?.generation ?? 1,
    nextOrdinal: cursor?.next_ordinal ?? 1,
    behind: cursor ? Math.max(0, (head?.seq ?? 0) - cursor.admitted_seq) : 0,
  };
}

/** Those of the stream; what a recovery sends again has its place here already. */
function ownDeliveries(db: Reader, { scope, subscriptionId }: PollRequest, generation: number) {
  return db
    .selectFrom('webhook_deliveries as d')
    .where('d.tenant_id', '=', toUuid(scope.tenantId))
    .where('d.environment_id', '=', toUuid(scope.environmentId))
    .where('d.subscription_id', '=', toUuid(subscriptionId))
    .where('d.generation', '=', generation)
    .where('d.origin_id', '=', toUuid(subscriptionId));
}

async function readRows(
  db: Reader,
  request: PollRequest,
  place: { readonly generation: number; readonly from: number },
) {
  const rows = await ownDeliveries(db, request, place.generation)
    .innerJoin('domain_events as e', (join) =>
      join
        .onRef('e.tenant_id', '=', 'd.tenant_id')
        .onRef('e.environment_id', '=', 'd.environment_id')
        .onRef('e.written_in', '=', 'd.event_written_in')
        .onRef('e.id', '=', 'd.event_id'),
    )
    .select(['d.ordinal', 'd.previous_ordinal', 'd.event_id', 'd.traceparent', 'e.body'])
    .where('d.ordinal', '>', place.from)
    .orderBy('d.ordinal')
    .limit(request.limit + 1)
    .execute();
  return rows.flatMap(({ ordinal, ...row }) => (ordinal === null ? [] : [{ ...row, ordinal }]));
}
type Row = Awaited<ReturnType<typeof readRows>>[number];

const ordinalsOf = (rows: readonly Row[]): number[] => rows.map(({ ordinal }) => ordinal);

function withinBytes(rows: readonly Row[]): readonly Row[] {
  let bytes = 0;
  const end = rows.findIndex(({ body }, at) => {
    bytes += body.length;
    return at > 0 && bytes > pollLimits.pageBytes;
  });
  return end === -1 ? rows : rows.slice(0, end);
}

function messageOf(
  row: Row,
  use: { readonly request: PollRequest; readonly subscription: SigningSubscription; readonly generation: number },
): PolledMessage {
  const { request, subscription, generation } = use;
  const { headers, body } = signDelivery({
    master: request.master,
    scope: request.scope,
    subscription,
    eventId: toId('event', row.event_id),
    event: row.body,
    sequence: {
      subscriptionId: subscription.id,
      generation,
      ordinal: row.ordinal,
      previous: row.previous_ordinal,
    },
    nowMilliseconds: request.nowMilliseconds,
    traceparent: row.traceparent,
    recoveryId: null,
  });
  return { headers, body: new TextDecoder('utf-8', { fatal: true }).decode(body) };
}

const notDelivered = ['WAITING', 'SENDING', 'PARKED', 'EXHAUSTED', 'DROPPED'] as const;

/** By state, in the order of their ids, which is that of their admission: there is an index for it. */
async function readUndelivered(
  db: Reader,
  request: PollRequest,
  place: { readonly generation: number; readonly through: number },
): Promise<{ readonly ordinals: readonly number[]; readonly more: boolean }> {
  if (place.through === 0) return { ordinals: [], more: false };
  const ordinals: number[] = [];
  let more = false;
  for (const state of notDelivered) {
    const rows = await ownDeliveries(db, request, place.generation)
      .select('d.ordinal')
      .where('d.state', '=', state)
      .where('d.ordinal', '<=', place.through)
      .orderBy('d.id')
      .limit(pollLimits.undeliveredPerState + 1)
      .execute();
    more ||= rows.length > pollLimits.undeliveredPerState;
    ordinals.push(...rows.slice(0, pollLimits.undeliveredPerState).flatMap(({ ordinal }) => ordinal ?? []));
  }
  return { ordinals, more };
}

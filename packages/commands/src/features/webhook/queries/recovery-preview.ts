import { idShape, timestampShape, toId, toUuid } from '@karmanflow/schema';
import { sql } from 'kysely';
import * as v from 'valibot';
import { defineQuery, type QueryContext } from '../../../definition/query.ts';
import { eventTypePattern, takesEventType } from '../shapes.ts';
import { webhookBounds } from '../webhook-bounds.ts';
import { headSeq, type Reader } from './subscriptions.ts';

const position = v.pipe(
  v.string(),
  v.regex(/^[1-9][0-9]{0,14}$/, 'must be a position of the stream'),
  v.transform(Number),
);
/** Event types in a query string, with commas between them. */
const eventTypeList = v.pipe(
  v.string(),
  v.maxLength(2_000),
  v.examples(['inventory.*']),
  v.transform((text) => text.split(',')),
  v.array(eventTypePattern),
  v.maxLength(webhookBounds.eventTypes),
);

export const previewRecovery = defineQuery({
  type: 'webhook.recovery_preview',
  summary: 'How many deliveries a recovery with these bounds would send, and some of them. Sends nothing.',
  scope: 'webhook.subscription:recover',
  input: v.strictObject({
    subscriptionId: idShape('webhookSubscription'),
    /** The first position; or the time since when; the beginning of the stream unless given. */
    fromSeq: v.optional(position),
    since: v.optional(timestampShape),
    /** The last position; the end of the stream unless given. */
    toSeq: v.optional(position),
    eventTypes: v.optional(eventTypeList),
    onlyFailed: v.optional(
      v.pipe(
        v.picklist(['true', 'false']),
        v.transform((text) => text === 'true'),
      ),
      'false',
    ),
  }),
  output: v.strictObject({
    /** What to send as fromSeq, toSeq and expectedCount. */
    fromSeq: v.number(),
    toSeq: v.number(),
    count: v.number(),
    /** True when the range is too long to be looked at at once: it was looked at up to `toSeq`. */
    more: v.boolean(),
    sample: v.array(v.strictObject({ seq: v.number(), eventId: idShape('event'), eventType: v.string() })),
  }),
  run: ({ subscriptionId, onlyFailed, ...asked }, ctx) =>
    ctx.database.read(ctx.scope, async (db) => {
      const subscription = await db
        .selectFrom('webhook_subscriptions')
        .select('event_types')
        .where('tenant_id', '=', toUuid(ctx.tenantId))
        .where('environment_id', '=', toUuid(ctx.environmentId))
        .where('id', '=', toUuid(subscriptionId))
        .executeTakeFirst();
      if (!subscription) return null;
      const head = await headSeq(db, ctx);
      const fromSeq = asked.fromSeq ?? (await positionSince(db, ctx, asked.since)) ?? 1;
      const last = Math.min(asked.toSeq ?? head, head);
      const toSeq = Math.min(last, fromSeq + webhookBounds.previewPositions - 1);
      const range = { subscriptionUuid: toUuid(subscriptionId), fromSeq, toSeq };
      const found = onlyFailed ? await failedIn(db, ctx, range) : await eventsIn(db, ctx, range);
      const patterns = asked.eventTypes ?? subscription.event_types;
      const taken = found.filter(({ event_type: type }) => takesEventType(patterns, type));
      return {
        fromSeq,
        toSeq: Math.max(toSeq, fromSeq),
        count: taken.length,
        more: toSeq < last,
        sample: taken.slice(0, webhookBounds.previewSample).map((one) => ({
          seq: one.seq,
          eventId: toId('event', one.event_id),
          eventType: one.event_type,
        })),
      };
    }),
});

interface Range {
  readonly subscriptionUuid: string;
  readonly fromSeq: number;
  readonly toSeq: number;
}

function eventsIn(db: Reader, ctx: QueryContext, { fromSeq, toSeq }: Range) {
  return db
    .selectFrom('stream_events as s')
    .innerJoin('domain_events as e', (join) =>
      join
        .onRef('e.tenant_id', '=', 's.tenant_id')
        .onRef('e.environment_id', '=', 's.environment_id')
        .onRef('e.written_in', '=', 's.event_written_in')
        .onRef('e.id', '=', 's.event_id'),
    )
    .select(['s.seq', 's.event_id', 'e.type as event_type'])
    .where('s.tenant_id', '=', toUuid(ctx.tenantId))
    .where('s.environment_id', '=', toUuid(ctx.environmentId))
    .where('s.seq', '>=', fromSeq)
    .where('s.seq', '<=', toSeq)
    .orderBy('s.seq')
    .execute();
}

/** Each position once, however often it failed. */
function failedIn(db: Reader, ctx: QueryContext, { subscriptionUuid, fromSeq, toSeq }: Range) {
  return db
    .selectFrom('webhook_deliveries as d')
    .select(['d.seq', 'd.event_id', 'd.event_type'])
    .distinct()
    .where('d.tenant_id', '=', toUuid(ctx.tenantId))
    .where('d.environment_id', '=', toUuid(ctx.environmentId))
    .where('d.subscription_id', '=', subscriptionUuid)
    .where('d.state', 'in', ['EXHAUSTED', 'DROPPED'])
    .where('d.seq', '>=', fromSeq)
    .where('d.seq', '<=', toSeq)
    .orderBy('d.seq')
    .execute();
}

/** The first position of an event from that time on. Ids begin with the time at which they were made (RFC 9562). */
async function positionSince(db: Reader, ctx: QueryContext, since: string | undefined): Promise<number | null> {
  if (since === undefined) return null;
  const milliseconds = Date.parse(since).toString(16).padStart(12, '0');
  const least = `${milliseconds.slice(0, 8)}-${milliseconds.slice(8)}-7000-8000-000000000000`;
  const near = db
    .selectFrom('stream_events as s')
    .select('s.seq')
    .where('s.tenant_id', '=', toUuid(ctx.tenantId))
    .where('s.environment_id', '=', toUuid(ctx.environmentId))
    .where('s.event_id', '>=', least)
    .orderBy('s.event_id')
    // Events of one moment may have got their positions in another order.
    .limit(webhookBounds.previewNear);
  const row = await db
    .selectFrom(near.as('n'))
    .select(sql<number | null>`min(n.seq)`.as('seq'))
    .executeTakeFirst();
  return row?.seq ?? (await headSeq(db, ctx)) + 1;
}

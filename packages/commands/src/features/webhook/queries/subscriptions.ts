import { idShape, timestampShape, toId, toUuid } from '@karmanflow/schema';
import * as v from 'valibot';
import { pageLimit } from '../../../definition/page.ts';
import { defineQuery, type QueryContext } from '../../../definition/query.ts';
import { headersOf } from '../headers-of.ts';
import { healthStates, orderings, startModes, subscriptionStates } from '../shapes.ts';

const view = v.strictObject({
  subscriptionId: idShape('webhookSubscription'),
  url: v.string(),
  description: v.nullable(v.string()),
  eventTypes: v.array(v.string()),
  ordering: v.picklist(orderings),
  headers: v.record(v.string(), v.string()),
  ratePerSecond: v.number(),
  maxInFlight: v.number(),
  asymmetric: v.boolean(),
  state: v.picklist(subscriptionStates),
  /** Numbers, never secrets: from `retiringVersion` on all sign until `retiringUntil`. */
  secretVersion: v.number(),
  retiringVersion: v.nullable(v.number()),
  retiringUntil: v.nullable(timestampShape),
  generation: v.number(),
  startMode: v.picklist(startModes),
  /** As last recorded; `webhook.subscription` also has what the deliverer sees at the moment. */
  health: v.picklist(healthStates),
  healthReason: v.string(),
  healthSince: timestampShape,
  createdAt: timestampShape,
  version: v.number(),
});
type View = v.InferOutput<typeof view>;

type Database = QueryContext['database'];
export type Reader = Parameters<Parameters<Database['read']>[1]>[0];

function subscriptionRows(db: Reader, ctx: QueryContext) {
  return db
    .selectFrom('webhook_subscriptions')
    .selectAll()
    .where('tenant_id', '=', toUuid(ctx.tenantId))
    .where('environment_id', '=', toUuid(ctx.environmentId));
}
type SubscriptionRow = Awaited<ReturnType<ReturnType<typeof subscriptionRows>['execute']>>[number];

function viewOf(row: SubscriptionRow): View {
  return {
    subscriptionId: toId('webhookSubscription', row.id),
    url: row.url,
    description: row.description,
    eventTypes: row.event_types,
    // The columns' CHECKs keep these to the values of their types.
    ordering: row.ordering as View['ordering'],
    headers: headersOf(row.headers),
    ratePerSecond: row.rate_per_second,
    maxInFlight: row.max_in_flight,
    asymmetric: row.is_asymmetric,
    state: row.state as View['state'],
    secretVersion: row.secret_version,
    retiringVersion: row.retiring_version,
    retiringUntil: row.retiring_until,
    generation: row.generation,
    startMode: row.start_mode as View['startMode'],
    health: row.health as View['health'],
    healthReason: row.health_reason,
    healthSince: row.health_since,
    createdAt: row.created_at,
    version: row.version,
  };
}

export const listSubscriptions = defineQuery({
  type: 'webhook.subscriptions',
  summary: 'Webhook subscriptions of the environment, oldest first.',
  scope: 'webhook.subscription:read',
  input: v.strictObject({
    state: v.optional(v.picklist(subscriptionStates)),
    after: v.optional(idShape('webhookSubscription')),
    limit: pageLimit,
  }),
  output: v.strictObject({ subscriptions: v.array(view), next: v.nullable(idShape('webhookSubscription')) }),
  run: async ({ state, after, limit }, ctx) => {
    const rows = await ctx.database.read(ctx.scope, (db) => {
      let query = subscriptionRows(db, ctx)
        .orderBy('id')
        .limit(limit + 1);
      if (state) query = query.where('state', '=', state);
      if (after) query = query.where('id', '>', toUuid(after));
      return query.execute();
    });
    const subscriptions = rows.slice(0, limit).map(viewOf);
    return { subscriptions, next: rows.length > limit ? (subscriptions.at(-1)?.subscriptionId ?? null) : null };
  },
});

const progress = v.strictObject({
  /** The last position of the stream. */
  headSeq: v.number(),
  /** The last position that was looked at for this subscription: whatever it had to become stands in its deliveries. */
  admittedSeq: v.number(),
  /** How many deliveries of this generation there are. */
  lastOrdinal: v.number(),
  health: v.picklist([...healthStates, 'PAUSED']),
  healthSince: timestampShape,
  healthReason: v.nullable(v.string()),
  consecutiveFailures: v.number(),
  firstFailureAt: v.nullable(timestampShape),
  /** What the deliverer saw, and what follows from it, as its health machine keeps it. */
  evidence: v.unknown(),
  nextProbeAt: v.nullable(timestampShape),
});
type Progress = v.InferOutput<typeof progress>;

export const getSubscription = defineQuery({
  type: 'webhook.subscription',
  summary: 'One webhook subscription: how far it has come, how its endpoint is, and why.',
  scope: 'webhook.subscription:read',
  input: v.strictObject({ subscriptionId: idShape('webhookSubscription') }),
  output: v.strictObject({
    ...view.entries,
    /** null until the deliverer has taken it up. */
    progress: v.nullable(progress),
  }),
  run: ({ subscriptionId }, ctx) =>
    ctx.database.read(ctx.scope, async (db) => {
      const row = await subscriptionRows(db, ctx).where('id', '=', toUuid(subscriptionId)).executeTakeFirst();
      if (!row) return null;
      return { ...viewOf(row), progress: await progressOf(db, ctx, row) };
    }),
});

async function progressOf(db: Reader, ctx: QueryContext, { id }: SubscriptionRow): Promise<Progress | null> {
  const row = await db
    .selectFrom('webhook_cursors as c')
    .leftJoin('webhook_health as h', (join) =>
      join
        .onRef('h.tenant_id', '=', 'c.tenant_id')
        .onRef('h.environment_id', '=', 'c.environment_id')
        .onRef('h.subscription_id', '=', 'c.subscription_id'),
    )
    .select(['c.admitted_seq', 'c.next_ordinal', 'c.health', 'c.health_since', 'c.next_probe_at'])
    .select(['h.reason', 'h.consecutive_failures', 'h.first_failure_at', 'h.evidence'])
    .where('c.tenant_id', '=', toUuid(ctx.tenantId))
    .where('c.environment_id', '=', toUuid(ctx.environmentId))
    .where('c.subscription_id', '=', id)
    .executeTakeFirst();
  if (!row) return null;
  return {
    headSeq: await headSeq(db, ctx),
    admittedSeq: row.admitted_seq,
    lastOrdinal: row.next_ordinal - 1,
    // The column's CHECK keeps it to the values of its type.
    health: row.health as Progress['health'],
    healthSince: row.health_since,
    healthReason: row.reason,
    consecutiveFailures: row.consecutive_failures ?? 0,
    firstFailureAt: row.first_failure_at,
    evidence: row.evidence,
    nextProbeAt: row.next_probe_at,
  };
}

/** The last position of the stream of the environment; 0 when it has none yet. */
export async function headSeq(db: Reader, ctx: QueryContext): Promise<number> {
  const row = await db
    .selectFrom('stream_events')
    .select('seq')
    .where('tenant_id', '=', toUuid(ctx.tenantId))
    .where('environment_id', '=', toUuid(ctx.environmentId))
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.seq ?? 0;
}

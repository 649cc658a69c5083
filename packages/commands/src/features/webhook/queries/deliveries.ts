import { idShape, tables, timestampShape, toId, toUuid } from '@karmanflow/schema';
import { sql } from 'kysely';
import * as v from 'valibot';
import { pageLimit } from '../../../definition/page.ts';
import { defineQuery, type QueryContext } from '../../../definition/query.ts';
import { webhookBounds } from '../webhook-bounds.ts';
import type { Reader } from './subscriptions.ts';

const { columns: deliveryColumns } = tables.webhook_deliveries;
const { columns: attemptColumns } = tables.webhook_attempts;
export const deliveryStates = deliveryColumns.state.values;

const view = v.strictObject({
  deliveryId: idShape('webhookDelivery'),
  subscriptionId: idShape('webhookSubscription'),
  /** The recovery that asked for it; null for what is sent as it happens. */
  recoveryId: v.nullable(idShape('webhookRecovery')),
  generation: v.number(),
  ordinal: v.nullable(v.number()),
  previousOrdinal: v.nullable(v.number()),
  seq: v.number(),
  eventId: idShape('event'),
  eventType: v.string(),
  entityType: v.string(),
  entityId: v.string(),
  lane: v.picklist(deliveryColumns.lane.values),
  state: v.picklist(deliveryStates),
  /** All requests that were made, and those of them that count against the schedule. */
  attempts: v.number(),
  chargedAttempts: v.number(),
  nextAttemptAt: v.nullable(timestampShape),
  /** Why the next attempt is when it is, or why there is none. */
  why: v.nullable(v.string()),
  /** The delivery that has to end before this one is sent. */
  behind: v.nullable(idShape('webhookDelivery')),
  admittedAt: timestampShape,
  endedAt: v.nullable(timestampShape),
});
type View = v.InferOutput<typeof view>;

function deliveryRows(db: Reader, ctx: QueryContext) {
  return db
    .selectFrom('webhook_deliveries')
    .selectAll()
    .where('tenant_id', '=', toUuid(ctx.tenantId))
    .where('environment_id', '=', toUuid(ctx.environmentId));
}
type DeliveryRow = Awaited<ReturnType<ReturnType<typeof deliveryRows>['execute']>>[number];

function viewOf(row: DeliveryRow): View {
  return {
    deliveryId: toId('webhookDelivery', row.id),
    subscriptionId: toId('webhookSubscription', row.subscription_id),
    recoveryId: row.origin_id === row.subscription_id ? null : toId('webhookRecovery', row.origin_id),
    generation: row.generation,
    ordinal: row.ordinal,
    previousOrdinal: row.previous_ordinal,
    seq: row.seq,
    eventId: toId('event', row.event_id),
    eventType: row.event_type,
    entityType: row.entity_type,
    entityId: row.entity_id,
    // The columns' CHECKs keep these to the values of their types.
    lane: row.lane as View['lane'],
    state: row.state as View['state'],
    attempts: row.attempts,
    chargedAttempts: row.charged_attempts,
    nextAttemptAt: row.next_attempt_at,
    why: row.why,
    behind: row.behind === null ? null : toId('webhookDelivery', row.behind),
    admittedAt: row.admitted_at,
    endedAt: row.ended_at,
  };
}

export const listDeliveries = defineQuery({
  type: 'webhook.deliveries',
  summary: 'Deliveries of a subscription, oldest first, also those that are over.',
  scope: 'webhook.delivery:read',
  input: v.strictObject({
    subscriptionId: idShape('webhookSubscription'),
    state: v.optional(v.picklist(deliveryStates)),
    eventId: v.optional(idShape('event')),
    recoveryId: v.optional(idShape('webhookRecovery')),
    after: v.optional(idShape('webhookDelivery')),
    limit: pageLimit,
  }),
  output: v.strictObject({ deliveries: v.array(view), next: v.nullable(idShape('webhookDelivery')) }),
  run: async ({ subscriptionId, state, eventId, recoveryId, after, limit }, ctx) => {
    const rows = await ctx.database.read(ctx.scope, (db) => {
      let query = deliveryRows(db, ctx)
        .where('subscription_id', '=', toUuid(subscriptionId))
        .orderBy('id')
        .limit(limit + 1);
      if (state) query = query.where('state', '=', state);
      // By its position, for which there is an index.
      if (eventId) query = query.where('seq', '=', positionOf(db, ctx, toUuid(eventId)));
      if (recoveryId) query = query.where('origin_id', '=', toUuid(recoveryId));
      if (after) query = query.where('id', '>', toUuid(after));
      return query.execute();
    });
    const deliveries = rows.slice(0, limit).map(viewOf);
    return { deliveries, next: rows.length > limit ? (deliveries.at(-1)?.deliveryId ?? null) : null };
  },
});

function positionOf(db: Reader, ctx: QueryContext, eventUuid: string) {
  return db
    .selectFrom('stream_events')
    .select('seq')
    .where('tenant_id', '=', toUuid(ctx.tenantId))
    .where('environment_id', '=', toUuid(ctx.environmentId))
    .where('event_id', '=', eventUuid);
}

const attemptView = v.strictObject({
  attempt: v.number(),
  startedAt: timestampShape,
  totalMilliseconds: v.number(),
  /** Whether it asked if an endpoint that was suspended is back. */
  probe: v.boolean(),
  outcome: v.picklist(attemptColumns.outcome.values),
  failureCode: v.nullable(v.string()),
  failurePhase: v.nullable(v.string()),
  failureReason: v.nullable(v.string()),
  statusCode: v.nullable(v.number()),
  /** Milliseconds by phase. */
  phases: v.record(v.string(), v.number()),
  /** The address to which the connection was pinned. */
  address: v.nullable(v.string()),
  responseStart: v.nullable(v.string()),
  responseTruncated: v.boolean(),
  /** SHA-256 of the body that was sent, in lower-case hex. */
  requestDigest: v.nullable(v.string()),
  traceparent: v.string(),
  nextAttemptAt: v.nullable(timestampShape),
  why: v.nullable(v.string()),
  healthAfter: v.picklist(attemptColumns.health_after.values),
});
type AttemptView = v.InferOutput<typeof attemptView>;

export const getDelivery = defineQuery({
  type: 'webhook.delivery',
  summary: 'One delivery with every attempt: what was done, what came back, and why the next one is when it is.',
  scope: 'webhook.delivery:read',
  input: v.strictObject({ deliveryId: idShape('webhookDelivery') }),
  output: v.strictObject({ ...view.entries, attemptsMade: v.array(attemptView) }),
  run: ({ deliveryId }, ctx) =>
    ctx.database.read(ctx.scope, async (db) => {
      const row = await deliveryRows(db, ctx).where('id', '=', toUuid(deliveryId)).executeTakeFirst();
      if (!row) return null;
      const attempts = await db
        .selectFrom('webhook_attempts')
        .selectAll()
        .where('tenant_id', '=', toUuid(ctx.tenantId))
        .where('environment_id', '=', toUuid(ctx.environmentId))
        .where('delivery_id', '=', row.id)
        .orderBy('attempt', 'desc')
        .limit(webhookBounds.shownAttempts)
        .execute();
      return {
        ...viewOf(row),
        attemptsMade: attempts.toReversed().map((one): AttemptView => ({
          attempt: one.attempt,
          startedAt: one.started_at,
          totalMilliseconds: one.total_milliseconds,
          probe: one.is_probe,
          outcome: one.outcome as AttemptView['outcome'],
          failureCode: one.failure_code,
          failurePhase: one.failure_phase,
          failureReason: one.failure_reason,
          statusCode: one.status_code,
          // The deliverer writes numbers by name, and nothing else.
          phases: one.phases as AttemptView['phases'],
          address: one.address,
          responseStart: one.response_start,
          responseTruncated: one.response_truncated,
          requestDigest: one.request_digest === null ? null : Buffer.from(one.request_digest).toString('hex'),
          traceparent: one.traceparent,
          nextAttemptAt: one.next_attempt_at,
          why: one.why,
          healthAfter: one.health_after as AttemptView['healthAfter'],
        })),
      };
    }),
});

export const countDeliveries = defineQuery({
  type: 'webhook.delivery_counts',
  summary: `Deliveries of a subscription by state, each counted up to ${webhookBounds.countedDeliveries}.`,
  scope: 'webhook.delivery:read',
  input: v.strictObject({ subscriptionId: idShape('webhookSubscription') }),
  output: v.strictObject({
    counts: v.array(v.strictObject({ state: v.picklist(deliveryStates), count: v.number(), more: v.boolean() })),
  }),
  run: ({ subscriptionId }, ctx) =>
    ctx.database.read(ctx.scope, async (db) => {
      const known = await db
        .selectFrom('webhook_subscriptions')
        .select('id')
        .where('tenant_id', '=', toUuid(ctx.tenantId))
        .where('environment_id', '=', toUuid(ctx.environmentId))
        .where('id', '=', toUuid(subscriptionId))
        .executeTakeFirst();
      if (!known) return null;
      const max = webhookBounds.countedDeliveries;
      const counts = [];
      for (const state of deliveryStates) {
        const some = db
          .selectFrom('webhook_deliveries as d')
          .select('d.id')
          .where('d.tenant_id', '=', toUuid(ctx.tenantId))
          .where('d.environment_id', '=', toUuid(ctx.environmentId))
          .where('d.subscription_id', '=', known.id)
          .where('d.state', '=', state)
          .limit(max + 1);
        const { count } = await db
          .selectFrom(some.as('s'))
          .select(sql<number>`count(*)`.as('count'))
          .executeTakeFirstOrThrow();
        counts.push({ state, count: Math.min(count, max), more: count > max });
      }
      return { counts };
    }),
});

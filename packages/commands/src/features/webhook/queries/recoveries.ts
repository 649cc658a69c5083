import { idShape, timestampShape, toId, toUuid } from '@karmanflow/schema';
import * as v from 'valibot';
import { pageLimit } from '../../../definition/page.ts';
import { defineQuery } from '../../../definition/query.ts';
import { recoveryKinds, recoveryStatuses } from '../shapes.ts';

const view = v.strictObject({
  recoveryId: idShape('webhookRecovery'),
  subscriptionId: idShape('webhookSubscription'),
  kind: v.picklist(recoveryKinds),
  deliveryId: v.nullable(idShape('webhookDelivery')),
  fromSeq: v.nullable(v.number()),
  toSeq: v.nullable(v.number()),
  eventTypes: v.array(v.string()),
  onlyFailed: v.boolean(),
  expectedCount: v.number(),
  status: v.picklist(recoveryStatuses),
  /** How far it has come: the last position that was looked at, and how many deliveries came of it. */
  throughSeq: v.nullable(v.number()),
  admittedCount: v.number(),
  /** Of those, once it is over. */
  doneCount: v.number(),
  failedCount: v.number(),
  startedAt: timestampShape,
  finishedAt: v.nullable(timestampShape),
  version: v.number(),
});
type View = v.InferOutput<typeof view>;

export const listRecoveries = defineQuery({
  type: 'webhook.recoveries',
  summary: 'Recoveries of a subscription with their progress, oldest first.',
  scope: 'webhook.delivery:read',
  input: v.strictObject({
    subscriptionId: idShape('webhookSubscription'),
    recoveryId: v.optional(idShape('webhookRecovery')),
    after: v.optional(idShape('webhookRecovery')),
    limit: pageLimit,
  }),
  output: v.strictObject({ recoveries: v.array(view), next: v.nullable(idShape('webhookRecovery')) }),
  run: async ({ subscriptionId, recoveryId, after, limit }, ctx) => {
    const rows = await ctx.database.read(ctx.scope, (db) => {
      let query = db
        .selectFrom('webhook_recoveries as r')
        .leftJoin('webhook_recovery_progress as p', (join) =>
          join
            .onRef('p.tenant_id', '=', 'r.tenant_id')
            .onRef('p.environment_id', '=', 'r.environment_id')
            .onRef('p.recovery_id', '=', 'r.id'),
        )
        .selectAll('r')
        .select(['p.through_seq', 'p.admitted_count'])
        .where('r.tenant_id', '=', toUuid(ctx.tenantId))
        .where('r.environment_id', '=', toUuid(ctx.environmentId))
        .where('r.subscription_id', '=', toUuid(subscriptionId))
        .orderBy('r.id')
        .limit(limit + 1);
      if (recoveryId) query = query.where('r.id', '=', toUuid(recoveryId));
      if (after) query = query.where('r.id', '>', toUuid(after));
      return query.execute();
    });
    const recoveries = rows.slice(0, limit).map((row): View => ({
      recoveryId: toId('webhookRecovery', row.id),
      subscriptionId: toId('webhookSubscription', row.subscription_id),
      // The columns' CHECKs keep these to the values of their types.
      kind: row.kind as View['kind'],
      deliveryId: row.delivery_id === null ? null : toId('webhookDelivery', row.delivery_id),
      fromSeq: row.from_seq,
      toSeq: row.to_seq,
      eventTypes: row.event_types,
      onlyFailed: row.only_failed,
      expectedCount: row.expected_count,
      status: row.status as View['status'],
      throughSeq: row.through_seq,
      admittedCount: row.admitted_count ?? 0,
      doneCount: row.done_count,
      failedCount: row.failed_count,
      startedAt: row.started_at,
      finishedAt: row.finished_at,
      version: row.version,
    }));
    return { recoveries, next: rows.length > limit ? (recoveries.at(-1)?.recoveryId ?? null) : null };
  },
});

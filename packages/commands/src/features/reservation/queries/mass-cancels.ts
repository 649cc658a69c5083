import { idShape, limits, timestampShape, toId, toUuid } from '@karmanflow/schema';
import { sql } from 'kysely';
import * as v from 'valibot';
import { pageLimit } from '../../../definition/page.ts';
import { defineQuery } from '../../../definition/query.ts';
import { massCancelStatuses } from '../mass-cancel/entities.ts';
import { cancellableStatuses, filterInput, filterOf, matchingSql } from '../mass-cancel/filter.ts';

const matchShape = v.strictObject({
  reservationId: idShape('reservation'),
  status: v.picklist(cancellableStatuses),
  salesChannelId: v.nullable(idShape('salesChannel')),
  reference: v.nullable(v.string()),
  createdAt: timestampShape,
});

export const previewMassCancel = defineQuery({
  type: 'reservation.mass_cancel_preview',
  summary:
    'How many reservations a mass cancellation with this filter would cancel, and some of them. Cancels nothing.',
  scope: 'inventory.reservation:mass_cancel',
  input: v.strictObject(filterInput),
  output: v.strictObject({
    /** What to send as expectedCount. */
    count: v.number(),
    /** True when there are more than one mass cancellation may cancel; `count` is then that bound. */
    more: v.boolean(),
    /** What to send as createdBefore, so that the same reservations are meant. */
    createdBefore: timestampShape,
    sample: v.array(matchShape),
  }),
  run: async (input, ctx) =>
    ctx.database.read(ctx.scope, async (db) => {
      const clock = await db.selectNoFrom((eb) => eb.fn<string>('now').as('now')).executeTakeFirstOrThrow();
      const filter = filterOf(input, clock);
      const matching = db
        .selectFrom('reservations as r')
        .where('r.tenant_id', '=', toUuid(ctx.tenantId))
        .where('r.environment_id', '=', toUuid(ctx.environmentId))
        .where(matchingSql(filter));
      const max = limits.massCancelReservations;
      const { count } = await db
        .selectFrom(
          matching
            .select('r.id')
            .limit(max + 1)
            .as('m'),
        )
        .select(sql<number>`count(*)`.as('count'))
        .executeTakeFirstOrThrow();
      const rows = await matching.selectAll('r').orderBy('r.id').limit(limits.massCancelSample).execute();
      return {
        count: Math.min(count, max),
        more: count > max,
        createdBefore: filter.createdBefore,
        sample: rows.map((row) => ({
          reservationId: toId('reservation', row.id),
          // The filter lets these two pass only.
          status: row.status as (typeof cancellableStatuses)[number],
          salesChannelId: row.sales_channel_id === null ? null : toId('salesChannel', row.sales_channel_id),
          reference: row.reference,
          createdAt: row.created_at,
        })),
      };
    }),
});

const massCancelShape = v.strictObject({
  massCancelId: idShape('massCancel'),
  status: v.picklist(massCancelStatuses),
  salesChannelId: v.nullable(idShape('salesChannel')),
  referencePrefix: v.nullable(v.string()),
  reservationStatus: v.nullable(v.picklist(cancellableStatuses)),
  createdBefore: timestampShape,
  expectedCount: v.number(),
  cancelledCount: v.number(),
  startedAt: timestampShape,
  finishedAt: v.nullable(timestampShape),
  version: v.number(),
});
type MassCancelView = v.InferOutput<typeof massCancelShape>;

export const listMassCancels = defineQuery({
  type: 'reservation.mass_cancels',
  summary: 'Mass cancellations with their progress, oldest first.',
  scope: 'inventory.reservation:read',
  input: v.strictObject({
    massCancelId: v.optional(idShape('massCancel')),
    status: v.optional(v.picklist(massCancelStatuses)),
    after: v.optional(idShape('massCancel')),
    limit: pageLimit,
  }),
  output: v.strictObject({ massCancels: v.array(massCancelShape), next: v.nullable(idShape('massCancel')) }),
  run: async (input, ctx) => {
    const rows = await ctx.database.read(ctx.scope, (db) => {
      let query = db
        .selectFrom('mass_cancels')
        .selectAll()
        .where('tenant_id', '=', toUuid(ctx.tenantId))
        .where('environment_id', '=', toUuid(ctx.environmentId))
        .orderBy('id')
        .limit(Math.min(input.limit, limits.pageSizeMax) + 1);
      if (input.massCancelId) query = query.where('id', '=', toUuid(input.massCancelId));
      if (input.status) query = query.where('status', '=', input.status);
      if (input.after) query = query.where('id', '>', toUuid(input.after));
      return query.execute();
    });
    const massCancels = rows.slice(0, input.limit).map((row) => ({
      massCancelId: toId('massCancel', row.id),
      // The columns' CHECKs keep these to their values.
      status: row.status as MassCancelView['status'],
      salesChannelId: row.sales_channel_id === null ? null : toId('salesChannel', row.sales_channel_id),
      referencePrefix: row.reference_prefix,
      reservationStatus: row.reservation_status as MassCancelView['reservationStatus'],
      createdBefore: row.created_before,
      expectedCount: row.expected_count,
      cancelledCount: row.cancelled_count,
      startedAt: row.started_at,
      finishedAt: row.finished_at,
      version: row.version,
    }));
    return {
      massCancels,
      next: rows.length > massCancels.length ? (massCancels.at(-1)?.massCancelId ?? null) : null,
    };
  },
});

import { idShape, limits, timestampShape, toId, toUuid } from '@karmanflow/schema';
import * as v from 'valibot';
import { pageLimit } from '../../../definition/page.ts';
import { defineQuery } from '../../../definition/query.ts';
import { type StockState, stockStates } from '../entities.ts';

export const listMovements = defineQuery({
  type: 'inventory.movements',
  summary: 'The double-entry ledger of one level, oldest first: the quantities are the sums of these movements.',
  scope: 'inventory.movement:read',
  input: v.strictObject({
    variantId: idShape('variant'),
    locationId: idShape('location'),
    after: v.optional(
      v.pipe(
        v.string(),
        v.regex(
          /^evt_[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}:[0-9]{1,3}$/,
          'must be eventId:movementNumber',
        ),
      ),
    ),
    limit: pageLimit,
  }),
  output: v.strictObject({
    movements: v.array(
      v.strictObject({
        eventId: idShape('event'),
        movementNumber: v.number(),
        fromState: v.picklist(stockStates),
        toState: v.picklist(stockStates),
        quantity: v.number(),
        reason: v.nullable(v.string()),
        receiptId: idShape('receipt'),
        occurredAt: timestampShape,
      }),
    ),
    next: v.nullable(v.string()),
  }),
  run: async (input, ctx) => {
    const rows = await ctx.database.read(ctx.scope, (db) => {
      let query = db
        .selectFrom('stock_movements')
        .selectAll()
        .where('tenant_id', '=', toUuid(ctx.tenantId))
        .where('environment_id', '=', toUuid(ctx.environmentId))
        .where('variant_id', '=', toUuid(input.variantId))
        .where('location_id', '=', toUuid(input.locationId))
        .orderBy('event_id')
        .orderBy('movement_number')
        .limit(Math.min(input.limit, limits.pageSizeMax) + 1);
      if (input.after) {
        const [event = '', number = ''] = input.after.split(':');
        query = query.where(({ eb, refTuple, tuple }) =>
          eb(refTuple('event_id', 'movement_number'), '>', tuple(toUuid(event), Number(number))),
        );
      }
      return query.execute();
    });
    const movements = rows.slice(0, input.limit).map((row) => ({
      eventId: toId('event', row.event_id),
      movementNumber: row.movement_number,
      // The columns' CHECKs keep them to these values.
      fromState: row.from_state as StockState,
      toState: row.to_state as StockState,
      quantity: row.quantity,
      reason: row.reason,
      receiptId: toId('receipt', row.receipt_id),
      occurredAt: row.occurred_at,
    }));
    const last = movements.at(-1);
    return {
      movements,
      next: rows.length > movements.length && last ? `${last.eventId}:${last.movementNumber}` : null,
    };
  },
});

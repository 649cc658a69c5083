import { codeShape, idShape, limits, timestampShape, toId, toUuid } from '@karmanflow/schema';
import * as v from 'valibot';
import { defineQuery, type QueryContext } from '../../../definition/query.ts';
import { pageLimit } from '../../../definition/page.ts';

const statuses = ['ACTIVE', 'COMMITTED', 'EXPIRED', 'CANCELLED'] as const;

const reservationShape = v.strictObject({
  reservationId: idShape('reservation'),
  status: v.picklist(statuses),
  salesChannelId: v.nullable(idShape('salesChannel')),
  reference: v.nullable(v.string()),
  expiresAt: timestampShape,
  extensions: v.number(),
  resolvedAt: v.nullable(timestampShape),
  version: v.number(),
  lines: v.array(
    v.strictObject({
      lineNumber: v.number(),
      variantId: idShape('variant'),
      locationId: idShape('location'),
      quantity: v.number(),
    }),
  ),
});
type ReservationView = v.InferOutput<typeof reservationShape>;

interface Filter {
  readonly reservationId?: string | undefined;
  readonly status?: string | undefined;
  readonly reference?: string | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
}

async function read(ctx: QueryContext, filter: Filter): Promise<ReservationView[]> {
  const scope = { tenant_id: toUuid(ctx.tenantId), environment_id: toUuid(ctx.environmentId) };
  return ctx.database.read(ctx.scope, async (db) => {
    let query = db
      .selectFrom('reservations')
      .selectAll()
      .where('tenant_id', '=', scope.tenant_id)
      .where('environment_id', '=', scope.environment_id)
      .orderBy('id')
      .limit(filter.limit);
    if (filter.reservationId) query = query.where('id', '=', toUuid(filter.reservationId));
    if (filter.status) query = query.where('status', '=', filter.status);
    if (filter.reference) query = query.where('reference', '=', filter.reference);
    if (filter.after) query = query.where('id', '>', toUuid(filter.after));
    const rows = await query.execute();
    if (rows.length === 0) return [];
    const lines = await db
      .selectFrom('stock_movements')
      .select(['event_id', 'movement_number', 'variant_id', 'location_id', 'quantity'])
      .where('tenant_id', '=', scope.tenant_id)
      .where('environment_id', '=', scope.environment_id)
      .where(
        'event_id',
        'in',
        rows.map((row) => row.created_by_event),
      )
      .orderBy('event_id')
      .orderBy('movement_number')
      .execute();
    return rows.map((row) => ({
      reservationId: toId('reservation', row.id),
      // The column's CHECK keeps it to these values.
      status: row.status as ReservationView['status'],
      salesChannelId: row.sales_channel_id === null ? null : toId('salesChannel', row.sales_channel_id),
      reference: row.reference,
      expiresAt: row.expires_at,
      extensions: row.extensions,
      resolvedAt: row.resolved_at,
      version: row.version,
      lines: lines
        .filter((line) => line.event_id === row.created_by_event)
        .map((line) => ({
          lineNumber: line.movement_number + 1,
          variantId: toId('variant', line.variant_id),
          locationId: toId('location', line.location_id),
          quantity: line.quantity,
        })),
    }));
  });
}

export const getReservation = defineQuery({
  type: 'reservation.get',
  summary: 'One reservation with its lines.',
  scope: 'inventory.reservation:read',
  input: v.strictObject({ reservationId: idShape('reservation') }),
  output: reservationShape,
  run: async ({ reservationId }, ctx) => (await read(ctx, { reservationId, limit: 1 }))[0] ?? null,
});

export const listReservations = defineQuery({
  type: 'reservation.list',
  summary: 'Reservations of the environment, oldest first.',
  scope: 'inventory.reservation:read',
  input: v.strictObject({
    status: v.optional(v.picklist(statuses)),
    reference: v.optional(codeShape),
    after: v.optional(idShape('reservation')),
    limit: pageLimit,
  }),
  output: v.strictObject({ reservations: v.array(reservationShape), next: v.nullable(idShape('reservation')) }),
  run: async (input, ctx) => {
    const found = await read(ctx, { ...input, limit: Math.min(input.limit, limits.pageSizeMax) + 1 });
    const reservations = found.slice(0, input.limit);
    return { reservations, next: found.length > input.limit ? (reservations.at(-1)?.reservationId ?? null) : null };
  },
});

import { codeShape, type Id, idShape, timestampShape, toUuid } from '@karmanflow/schema';
import { type Expression, sql, type SqlBool } from 'kysely';
import * as v from 'valibot';
import type { ReservationState } from '../entities.ts';

export const cancellableStatuses = ['ACTIVE', 'COMMITTED'] as const;
export type CancellableStatus = (typeof cancellableStatuses)[number];

/** Which reservations a mass cancellation is for. null: any. */
export interface MassCancelFilter {
  readonly salesChannelId: Id<'salesChannel'> | null;
  readonly referencePrefix: string | null;
  readonly reservationStatus: CancellableStatus | null;
  /** Exclusive. There always is one, so that what is created while it runs is not swept along. */
  readonly createdBefore: string;
}

/** A filter as a caller gives it, in a body or in a query string. */
export const filterInput = {
  salesChannelId: v.optional(idShape('salesChannel')),
  referencePrefix: v.optional(codeShape),
  status: v.optional(v.picklist(cancellableStatuses)),
  createdBefore: v.optional(timestampShape),
};
type FilterInput = v.InferOutput<v.StrictObjectSchema<typeof filterInput, undefined>>;

/** The filter that is bound: never later than now. Times compare as text, since all are RFC 3339 UTC with milliseconds. */
export function filterOf(input: FilterInput, { now }: { now: string }): MassCancelFilter {
  const { salesChannelId = null, referencePrefix = null, status = null, createdBefore = now } = input;
  return {
    salesChannelId,
    referencePrefix,
    reservationStatus: status,
    createdBefore: createdBefore < now ? createdBefore : now,
  };
}

/** Whether a reservation that was created then is one of those. */
export function isMatching(
  filter: MassCancelFilter,
  { salesChannelId, reference, status }: Pick<ReservationState, 'salesChannelId' | 'reference' | 'status'>,
  createdAt: string,
): boolean {
  if (status !== 'ACTIVE' && status !== 'COMMITTED') return false;
  if (filter.reservationStatus !== null && filter.reservationStatus !== status) return false;
  if (filter.salesChannelId !== null && filter.salesChannelId !== salesChannelId) return false;
  if (filter.referencePrefix !== null && !(reference ?? '').startsWith(filter.referencePrefix)) return false;
  return createdAt < filter.createdBefore;
}

/** The same as a condition on rows of `reservations`, which must stand under the name r. */
export function matchingSql(filter: MassCancelFilter): Expression<SqlBool> {
  const conditions = [
    filter.reservationStatus === null
      ? sql`r.status in ('ACTIVE', 'COMMITTED')`
      : sql`r.status = ${filter.reservationStatus}`,
    sql`r.created_at < ${filter.createdBefore}::timestamptz`,
  ];
  if (filter.salesChannelId !== null) conditions.push(sql`r.sales_channel_id = ${toUuid(filter.salesChannelId)}::uuid`);
  if (filter.referencePrefix !== null) conditions.push(sql`starts_with(r.reference, ${filter.referencePrefix})`);
  return sql<SqlBool>`${sql.join(conditions, sql` and `)}`;
}

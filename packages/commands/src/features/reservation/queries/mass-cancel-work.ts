import { type Database, type Id, limits, type Scope, toId, toUuid } from '@karmanflow/schema';
import type { MassCancelState } from '../mass-cancel/entities.ts';
import { type CancellableStatus, matchingSql } from '../mass-cancel/filter.ts';

export type RunningMassCancel = Omit<MassCancelState, 'status' | 'finishedAt'>;

/** Reads mass cancellations of one environment that run, the oldest first, at most a page of them. */
export async function readRunningMassCancels(database: Database, scope: Scope): Promise<RunningMassCancel[]> {
  const rows = await database.read(scope, (db) =>
    db
      .selectFrom('mass_cancels')
      .selectAll()
      .where('tenant_id', '=', toUuid(scope.tenantId))
      .where('environment_id', '=', toUuid(scope.environmentId))
      .where('status', '=', 'RUNNING')
      .orderBy('id')
      .limit(limits.pageSizeMax)
      .execute(),
  );
  return rows.map((row) => ({
    id: toId('massCancel', row.id),
    salesChannelId: row.sales_channel_id === null ? null : toId('salesChannel', row.sales_channel_id),
    referencePrefix: row.reference_prefix,
    // The column's CHECK keeps it to these values.
    reservationStatus: row.reservation_status as CancellableStatus | null,
    createdBefore: row.created_before,
    expectedCount: row.expected_count,
    cancelledCount: row.cancelled_count,
    startedAt: row.started_at,
  }));
}

export interface MassCancelPage {
  /** Reservations that match, by their ids. */
  readonly reservationIds: readonly Id<'reservation'>[];
  /** Where the next page begins: behind this one; null when no reservation is left to look at. */
  readonly after: Id<'reservation'> | null;
}

/**
 * Looks at the next reservations of the environment and reads those that match. It bounds how many it looks at, not how
 * many it finds, so that a filter to which few of very many belong is no long statement either.
 */
export async function readMassCancelPage(
  database: Database,
  scope: Scope,
  wanted: { readonly operation: RunningMassCancel; readonly after: Id<'reservation'> | null; readonly looked?: number },
): Promise<MassCancelPage> {
  const { operation, after, looked = limits.massCancelScanReservations } = wanted;
  return database.read(scope, async (db) => {
    let open = db
      .selectFrom('reservations as r')
      .select('r.id')
      .where('r.tenant_id', '=', toUuid(scope.tenantId))
      .where('r.environment_id', '=', toUuid(scope.environmentId))
      .orderBy('r.id');
    if (after) open = open.where('r.id', '>', toUuid(after));
    const last = await open
      .offset(looked - 1)
      .limit(1)
      .executeTakeFirst();
    let matching = open.where(matchingSql(operation));
    if (last) matching = matching.where('r.id', '<=', last.id);
    const rows = await matching.limit(looked).execute();
    return {
      reservationIds: rows.map(({ id }) => toId('reservation', id)),
      after: last ? toId('reservation', last.id) : null,
    };
  });
}

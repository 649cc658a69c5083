import { type Database, type Id, limits, type Scope, toId, toUuid } from '@karmanflow/schema';

/** A hold whose time is over and that was not resolved when it was read. */
export interface DueReservation {
  readonly reservationId: Id<'reservation'>;
  /** RFC 3339 UTC with milliseconds, as it is stored. */
  readonly expiresAt: string;
}

export interface DuePage {
  /** The database's clock. */
  readonly now: string;
  /** By their ends, at most `limits.sweepReservations`. */
  readonly reservations: readonly DueReservation[];
  readonly isFull: boolean;
}

/** Reads the next holds of one environment that are over, on the database's clock; `after` is the last one of the page before. */
export async function readDueReservations(
  database: Database,
  scope: Scope,
  after: DueReservation | null,
): Promise<DuePage> {
  return database.read(scope, async (db) => {
    let query = db
      .selectFrom('reservations')
      .select(['id', 'expires_at'])
      .where('tenant_id', '=', toUuid(scope.tenantId))
      .where('environment_id', '=', toUuid(scope.environmentId))
      .where('status', '=', 'ACTIVE')
      .where((eb) => eb('expires_at', '<=', eb.fn<string>('now')))
      .orderBy('expires_at')
      .orderBy('id')
      .limit(limits.sweepReservations);
    if (after) {
      // Never back over the same ones within a sweep: those that cannot be expired would hide all that follow.
      query = query.where((eb) =>
        eb(eb.refTuple('expires_at', 'id'), '>', eb.tuple(after.expiresAt, toUuid(after.reservationId))),
      );
    }
    const rows = await query.execute();
    const { now } = await db.selectNoFrom((eb) => eb.fn<string>('now').as('now')).executeTakeFirstOrThrow();
    return {
      now,
      reservations: rows.map((row) => ({ reservationId: toId('reservation', row.id), expiresAt: row.expires_at })),
      isFull: rows.length === limits.sweepReservations,
    };
  });
}

import { type AnyCommand, approval, reservation } from '@karmanflow/commands';
import { type Database, type ErrorCode, limits, type Scope, toId, toUuid } from '@karmanflow/schema';

/** What ends by itself when its time is over, and the command that ends it. */
export interface Perishable {
  readonly table: 'reservations' | 'approvals';
  /** The status in which it waits for its end. */
  readonly openStatus: string;
  readonly command: AnyCommand;
  readonly inputOf: (uuid: string) => Readonly<Record<string, string>>;
  /** What the command refuses with while the time is not over. */
  readonly tooEarly: ErrorCode;
}

export const perishables: readonly Perishable[] = [
  {
    table: 'reservations',
    openStatus: 'ACTIVE',
    command: reservation.expire,
    inputOf: (uuid) => ({ reservationId: toId('reservation', uuid) }),
    tooEarly: 'reservation_not_expired',
  },
  {
    table: 'approvals',
    openStatus: 'REQUESTED',
    command: approval.expire,
    inputOf: (uuid) => ({ approvalId: toId('approval', uuid) }),
    tooEarly: 'approval_not_expired',
  },
];

/** Something whose time is over and that had not ended when it was read. */
export interface DueEnd {
  readonly uuid: string;
  /** RFC 3339 UTC with milliseconds, as it is stored. */
  readonly expiresAt: string;
}

export interface DuePage {
  /** The database's clock. */
  readonly now: string;
  /** By their ends, at most `limits.sweepEnds`. */
  readonly ends: readonly DueEnd[];
  readonly isFull: boolean;
}

/** Reads the next of one kind in one environment that are over, on the database's clock; `after` is the last of the page before. */
export async function readDueEnds(
  database: Database,
  scope: Scope,
  { perishable, after }: { readonly perishable: Perishable; readonly after: DueEnd | null },
): Promise<DuePage> {
  return database.read(scope, async (db) => {
    let query = db
      .selectFrom(perishable.table)
      .select(['id', 'expires_at'])
      .where('tenant_id', '=', toUuid(scope.tenantId))
      .where('environment_id', '=', toUuid(scope.environmentId))
      .where('status', '=', perishable.openStatus)
      .where((eb) => eb('expires_at', '<=', eb.fn<string>('now')))
      .orderBy('expires_at')
      .orderBy('id')
      .limit(limits.sweepEnds);
    if (after) {
      // Never back over the same ones within a sweep: those that cannot be ended would hide all that follow.
      query = query.where((eb) => eb(eb.refTuple('expires_at', 'id'), '>', eb.tuple(after.expiresAt, after.uuid)));
    }
    const rows = await query.execute();
    const { now } = await db.selectNoFrom((eb) => eb.fn<string>('now').as('now')).executeTakeFirstOrThrow();
    return {
      now,
      ends: rows.map((row) => ({ uuid: row.id, expiresAt: row.expires_at })),
      isFull: rows.length === limits.sweepEnds,
    };
  });
}

import { type AnyCommand, approval, ingest, reservation } from '@karmanflow/commands';
import { type Database, type ErrorCode, limits, type Scope, toId, toUuid } from '@karmanflow/schema';

/** What ends by itself when its time is over, and the command that ends it. */
export interface Perishable {
  readonly table: 'reservations' | 'approvals' | 'quarantined_messages';
  /** What its row says while it waits for its end: the condition of the index by which it is found. */
  readonly open:
    | { readonly column: 'status'; readonly is: string }
    | { readonly column: 'ended_at'; readonly is: null };
  readonly command: AnyCommand;
  readonly inputOf: (uuid: string) => Readonly<Record<string, string>>;
  /** What the command refuses with while the time is not over. */
  readonly tooEarly: ErrorCode;
}

export const perishables: readonly Perishable[] = [
  {
    table: 'reservations',
    open: { column: 'status', is: 'ACTIVE' },
    command: reservation.expire,
    inputOf: (uuid) => ({ reservationId: toId('reservation', uuid) }),
    tooEarly: 'reservation_not_expired',
  },
  {
    table: 'approvals',
    open: { column: 'status', is: 'REQUESTED' },
    command: approval.expire,
    inputOf: (uuid) => ({ approvalId: toId('approval', uuid) }),
    tooEarly: 'approval_not_expired',
  },
  {
    table: 'quarantined_messages',
    open: { column: 'ended_at', is: null },
    command: ingest.expireMessage,
    inputOf: (uuid) => ({ quarantinedMessageId: toId('quarantinedMessage', uuid) }),
    tooEarly: 'quarantined_message_not_expired',
  },
];

type Reader = Parameters<Parameters<Database['read']>[1]>[0];

/** The rows of one kind in one environment that wait for their end, by their ends. */
export function openEnds(db: Reader, scope: Scope, { table, open }: Perishable) {
  const rows = db
    // Each table has these columns; the union of them is more than the builder's types can follow.
    .selectFrom(table as 'approvals')
    .select(['id', 'expires_at'])
    .where('tenant_id', '=', toUuid(scope.tenantId))
    .where('environment_id', '=', toUuid(scope.environmentId))
    .orderBy('expires_at')
    .orderBy('id');
  if (open.is === null) return rows.where(open.column as 'decided_at', 'is', null);
  return rows.where(open.column, '=', open.is);
}

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
    let query = openEnds(db, scope, perishable)
      .where((eb) => eb('expires_at', '<=', eb.fn<string>('now')))
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

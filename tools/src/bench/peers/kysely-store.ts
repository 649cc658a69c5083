import type { DatabaseTables } from '@karmanflow/schema';
import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely';
import type { Pool } from 'pg';
import { endOfFailure, type PeerIdentity, type ReservationRows, type ReservationStore } from './reservation-store.ts';

// The columns that the database fills are not optional in `DatabaseTables`, which describes rows as they are read.
type Inserted = never;

class InsufficientStock extends Error {
  readonly code = 'KF409';
}

/** The usual way in TypeScript: one transaction for each command, one builder for each statement. */
export function kyselyStore(pool: Pool, identity: PeerIdentity): ReservationStore {
  const db = new Kysely<DatabaseTables>({ dialect: new PostgresDialect({ pool }) });
  const { tenantId, environmentId, principalId } = identity;
  const scope = { tenant_id: tenantId, environment_id: environmentId };
  return {
    async reserve(rows) {
      try {
        await inScope((tx) => reserve(tx, rows));
        return 'reserved';
      } catch (error) {
        const end = endOfFailure(error);
        if (end === null) throw error;
        return end;
      }
    },
    refuse: (rows) => inScope((tx) => insertReceipt(tx, rows, 'REFUSED')),
    find: (keyHash) =>
      inScope(async (tx) => {
        const row = await tx
          .selectFrom('command_receipts')
          .select(['payload_hash', 'status', 'body', 'response'])
          .where('tenant_id', '=', tenantId)
          .where('environment_id', '=', environmentId)
          .where('command_type', '=', 'reservation.create')
          .where('idempotency_key_hash', '=', keyHash)
          .executeTakeFirst();
        if (!row) return null;
        return { payloadHash: row.payload_hash, status: row.status, body: row.body, response: row.response };
      }),
  };

  function inScope<T>(work: (tx: Transaction<DatabaseTables>) => Promise<T>): Promise<T> {
    return db.transaction().execute(async (tx) => {
      await sql`SET LOCAL kf.tenant_id = ${sql.lit(tenantId)}`.execute(tx);
      await sql`SET LOCAL kf.environment_id = ${sql.lit(environmentId)}`.execute(tx);
      return work(tx);
    });
  }

  async function reserve(tx: Transaction<DatabaseTables>, rows: ReservationRows): Promise<void> {
    await insertReceipt(tx, rows, 'SUCCEEDED');
    await tx
      .insertInto('domain_events')
      .values({
        ...scope,
        id: rows.eventId,
        type: 'inventory.reservation.created',
        body: rows.eventBody,
        hash: rows.hash,
        receipt_id: rows.receiptId,
      } as Inserted)
      .execute();
    await tx
      .insertInto('expiry_schedule')
      .values({ ...scope, due_at: `${rows.expiresAt.slice(0, 16)}:00.000Z` } as Inserted)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    await tx
      .insertInto('reservations')
      .values({
        ...scope,
        id: rows.reservationId,
        sales_channel_id: rows.salesChannelId,
        reference: rows.reference,
        created_by_event: rows.eventId,
        status: 'ACTIVE',
        expires_at: rows.expiresAt,
        extensions: 0,
        resolved_at: null,
        version: 1,
        created_at: rows.now,
        updated_at: rows.now,
        receipt_id: rows.receiptId,
      } as Inserted)
      .execute();
    for (const [index, line] of rows.lines.entries()) await reserveLine(tx, rows, { ...line, index });
  }

  async function reserveLine(
    tx: Transaction<DatabaseTables>,
    rows: ReservationRows,
    line: ReservationRows['lines'][number] & { index: number },
  ): Promise<void> {
    const place = { variant_id: line.variantId, location_id: line.locationId };
    const level = await tx
      .selectFrom('inventory_levels')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('environment_id', '=', environmentId)
      .where('variant_id', '=', line.variantId)
      .where('location_id', '=', line.locationId)
      .forUpdate()
      .executeTakeFirst();
    // This peer's pool has no parsers of ours: counts arrive as text.
    const [onHand, reserved, allocated, damaged, qualityControl, safetyStock, oversellLimit] = [
      level?.on_hand,
      level?.reserved,
      level?.allocated,
      level?.damaged,
      level?.quality_control,
      level?.safety_stock,
      level?.oversell_limit,
    ].map((count) => Number(count ?? 0)) as [number, number, number, number, number, number, number]; // Seven in, seven out.
    const available = onHand - reserved - allocated - damaged - qualityControl - safetyStock + oversellLimit;
    if (available < line.quantity) throw new InsufficientStock('stock_insufficient');
    await tx
      .updateTable('inventory_levels')
      .set({
        reserved: reserved + line.quantity,
        version: Number(level?.version) + 1,
        updated_at: rows.now,
        receipt_id: rows.receiptId,
        written_in: sql`pg_current_xact_id()`,
      } as Inserted)
      .where('tenant_id', '=', tenantId)
      .where('environment_id', '=', environmentId)
      .where('variant_id', '=', line.variantId)
      .where('location_id', '=', line.locationId)
      .execute();
    await tx
      .insertInto('stock_movements')
      .values({
        ...scope,
        ...place,
        event_id: rows.eventId,
        movement_number: line.index,
        from_state: 'AVAILABLE',
        to_state: 'RESERVED',
        quantity: line.quantity,
        reason: null,
        occurred_at: rows.now,
        receipt_id: rows.receiptId,
      } as Inserted)
      .execute();
  }

  async function insertReceipt(
    tx: Transaction<DatabaseTables>,
    rows: ReservationRows,
    status: 'SUCCEEDED' | 'REFUSED',
  ): Promise<void> {
    await tx
      .insertInto('command_receipts')
      .values({
        ...scope,
        id: rows.receiptId,
        command_type: 'reservation.create',
        status,
        actor_id: principalId,
        idempotency_key_hash: rows.keyHash,
        payload_hash: rows.payloadHash,
        body: status === 'SUCCEEDED' ? rows.receiptBody : rows.refusalBody,
        hash: rows.hash,
        signature: rows.signature,
        key_id: rows.keyId,
        response: status === 'SUCCEEDED' ? rows.response : null,
        correlation_id: rows.correlationId,
        completed_at: rows.now,
      } as Inserted)
      .execute();
    await tx
      .insertInto('log_pending')
      .values({ ...scope, receipt_ids: [rows.receiptId] } as Inserted)
      .execute();
  }
}

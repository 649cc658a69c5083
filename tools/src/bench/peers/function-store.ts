import type { Pool } from 'pg';
import {
  endOfFailure,
  type FoundReceipt,
  type PeerIdentity,
  type ReservationRows,
  type ReservationStore,
} from './reservation-store.ts';

const call = (name: string, parameters: number): string =>
  `SELECT * FROM bench.${name}(${Array.from({ length: parameters }, (_, index) => `$${index + 1}`).join(', ')})`;

const reserveText = call('reserve', 23);
const refuseText = call('refuse', 12);
const findText = call('find_receipt', 3);

/** The peer to beat: one named statement for each command, everything else inside the database. */
export function functionStore(pool: Pool, identity: PeerIdentity): ReservationStore {
  const { tenantId, environmentId, principalId } = identity;
  return {
    async reserve(rows) {
      try {
        await pool.query({ name: 'reserve', text: reserveText, values: reserveValues(rows) });
        return 'reserved';
      } catch (error) {
        const end = endOfFailure(error);
        if (end === null) throw error;
        return end;
      }
    },
    async refuse(rows) {
      const { receiptId, keyHash, payloadHash, refusalBody, hash, signature, keyId, correlationId, now } = rows;
      const values = [
        receiptId,
        principalId,
        keyHash,
        payloadHash,
        refusalBody,
        hash,
        signature,
        keyId,
        correlationId,
        now,
      ];
      await pool.query({ name: 'refuse', text: refuseText, values: [tenantId, environmentId, ...values] });
    },
    async find(keyHash) {
      const { rows } = await pool.query<FoundRow>({
        name: 'find',
        text: findText,
        values: [tenantId, environmentId, keyHash],
      });
      const [row] = rows;
      return row ? foundReceipt(row) : null;
    },
  };

  function reserveValues(rows: ReservationRows): unknown[] {
    return [
      tenantId,
      environmentId,
      rows.receiptId,
      principalId,
      rows.keyHash,
      rows.payloadHash,
      rows.receiptBody,
      rows.hash,
      rows.signature,
      rows.keyId,
      rows.response,
      rows.correlationId,
      rows.now,
      rows.eventId,
      rows.eventBody,
      rows.hash,
      rows.reservationId,
      rows.salesChannelId,
      rows.reference,
      rows.expiresAt,
      rows.lines.map((line) => line.variantId),
      rows.lines.map((line) => line.locationId),
      rows.lines.map((line) => line.quantity),
    ];
  }
}

interface FoundRow {
  readonly payload_hash: Buffer;
  readonly status: string;
  readonly body: Buffer;
  readonly response: Buffer | null;
}

function foundReceipt({ payload_hash: payloadHash, status, body, response }: FoundRow): FoundReceipt {
  return { payloadHash, status, body, response };
}

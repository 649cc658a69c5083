import type { Pool } from 'pg';
import { functionStore } from './function-store.ts';
import { endOfFailure, type PeerIdentity, type ReservationRows, type ReservationStore } from './reservation-store.ts';

type End = Awaited<ReturnType<ReservationStore['reserve']>>;

interface Waiting {
  readonly rows: ReservationRows;
  readonly end: PromiseWithResolvers<End>;
}

const batchRequests = 256;
const reserveText = `SELECT bench.reserve_many(${Array.from({ length: 24 }, (_, index) => `$${index + 1}`).join(', ')})`;

/**
 * Not a peer but what the machine allows: what waits is written in one call and one transaction, with nothing that governs it,
 * and the next call starts when the last has committed. What is beyond its rate is beyond every service that writes these rows.
 */
export function limitStore(pool: Pool, identity: PeerIdentity): ReservationStore {
  const oneByOne = functionStore(pool, identity);
  let waiting: Waiting[] = [];
  let isRunning = false;

  async function run(): Promise<void> {
    isRunning = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchRequests);
      waiting = waiting.slice(batchRequests);
      await reserveAll(batch);
    }
    isRunning = false;
  }

  async function reserveAll(batch: readonly Waiting[]): Promise<void> {
    try {
      const values = valuesOf(
        batch.map(({ rows }) => rows),
        identity,
      );
      await pool.query({ name: 'reserve_many', text: reserveText, values });
      for (const { end } of batch) end.resolve('reserved');
    } catch (error) {
      const isExpected = endOfFailure(error) !== null;
      for (const { rows, end } of batch) {
        if (isExpected) await oneByOne.reserve(rows).then(end.resolve, end.reject);
        else end.reject(error);
      }
    }
  }

  return {
    ...oneByOne,
    reserve(rows) {
      const end = Promise.withResolvers<End>();
      waiting.push({ rows, end });
      if (!isRunning) void run();
      return end.promise;
    },
  };
}

function valuesOf(all: readonly ReservationRows[], { tenantId, environmentId, principalId }: PeerIdentity): unknown[] {
  const [first] = all;
  const lines = all.flatMap((rows, index) =>
    rows.lines.map((line, number) => ({ ...line, request: index + 1, number })),
  );
  return [
    tenantId,
    environmentId,
    principalId,
    first?.keyId,
    first?.hash,
    first?.signature,
    all.map((rows) => rows.receiptId),
    all.map((rows) => rows.keyHash),
    all.map((rows) => rows.payloadHash),
    all.map((rows) => rows.receiptBody),
    all.map((rows) => rows.response),
    all.map((rows) => rows.correlationId),
    all.map((rows) => rows.now),
    all.map((rows) => rows.eventId),
    all.map((rows) => rows.eventBody),
    all.map((rows) => rows.reservationId),
    all.map((rows) => rows.salesChannelId),
    all.map((rows) => rows.reference),
    all.map((rows) => rows.expiresAt),
    lines.map((line) => line.request),
    lines.map((line) => line.number),
    lines.map((line) => line.variantId),
    lines.map((line) => line.locationId),
    lines.map((line) => line.quantity),
  ];
}

/** Everything that one reservation writes, ready for the database. Ids are UUIDs without prefix. */
export interface ReservationRows {
  readonly receiptId: string;
  readonly keyHash: Buffer;
  readonly payloadHash: Buffer;
  readonly receiptBody: Buffer;
  readonly refusalBody: Buffer;
  readonly hash: Buffer;
  readonly signature: Buffer;
  readonly keyId: string;
  readonly response: Buffer;
  readonly correlationId: string;
  readonly now: string;
  readonly eventId: string;
  readonly eventBody: Buffer;
  readonly reservationId: string;
  readonly salesChannelId: string | null;
  readonly reference: string | null;
  readonly expiresAt: string;
  /** Sorted by variant and location, so that two reservations lock them in the same order. */
  readonly lines: readonly { readonly variantId: string; readonly locationId: string; readonly quantity: number }[];
}

export interface FoundReceipt {
  readonly payloadHash: Uint8Array;
  readonly status: string;
  readonly body: Uint8Array;
  readonly response: Uint8Array | null;
}

/** How a peer writes a reservation; the rest of its server is shared. */
export interface ReservationStore {
  /** One transaction: all rows or none. `repeated`: the idempotency key has a receipt already. */
  reserve(rows: ReservationRows): Promise<'reserved' | 'insufficient' | 'repeated'>;
  refuse(rows: ReservationRows): Promise<void>;
  find(keyHash: Buffer): Promise<FoundReceipt | null>;
}

export interface PeerIdentity {
  readonly tenantId: string;
  readonly environmentId: string;
  readonly principalId: string;
}

const keyConstraint = 'command_receipts_command_type_idempotency_key_hash_key';

/** What a failed reservation means: a declared end, or null for anything else. */
export function endOfFailure(error: unknown): 'insufficient' | 'repeated' | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  if (error.code === 'KF409') return 'insufficient';
  const taken = error.code === '23505' && 'constraint' in error && error.constraint === keyConstraint;
  return taken ? 'repeated' : null;
}

import type { Id, TransportErrorCode } from '@karmanflow/schema';

export type ReceiptStatus = 'SUCCEEDED' | 'REFUSED' | 'DENIED' | 'PENDING_APPROVAL';

/** A receipt as it is stored: the exact bytes that were hashed and signed, and the answer that belongs to it. */
export interface StoredReceipt {
  readonly id: Id<'receipt'>;
  readonly commandType: string;
  readonly status: ReceiptStatus;
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
  readonly signature: Uint8Array;
  readonly keyId: string;
  /** Canonical JSON of the command's output; null unless it SUCCEEDED or waits for approval. */
  readonly response: Uint8Array | null;
}

export type Outcome =
  /** The command came to an end that a receipt attests. `replayed`: it did so before, under the same idempotency key. */
  | { readonly kind: 'receipt'; readonly receipt: StoredReceipt; readonly replayed: boolean }
  /** No receipt: nothing was done, or, for `outcome_unknown` alone, it is not known whether anything was. */
  | { readonly kind: 'rejected'; readonly code: TransportErrorCode; readonly detail: string };

export function rejected(code: TransportErrorCode, detail: string): Outcome {
  return { kind: 'rejected', code, detail };
}

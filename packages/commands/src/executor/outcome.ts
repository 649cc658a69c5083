import type { Id, TransportErrorCode } from '@karmanflow/schema';
import type { ApprovalStatus } from '../features/approval/index.ts';

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

/** How far the approval of a paused command has come. */
export interface ApprovalProgress {
  readonly approvalId: Id<'approval'>;
  readonly status: ApprovalStatus;
  /** Approving votes so far, and how many it takes. */
  readonly approvals: number;
  readonly quorum: number;
  readonly expiresAt: string;
  /** The refusal or the rule for which it ended without effect. */
  readonly failure: string | null;
}

export type Outcome =
  /** The command came to an end that a receipt attests. `replayed`: it did so before, under the same idempotency key. */
  | {
      readonly kind: 'receipt';
      readonly receipt: StoredReceipt;
      readonly replayed: boolean;
      /** On a repeat of a command that was paused: where its approval stands now. The receipt is that of its run, if any. */
      readonly approval?: ApprovalProgress;
    }
  /** No receipt: nothing was done, or, for `outcome_unknown` alone, it is not known whether anything was. */
  | { readonly kind: 'rejected'; readonly code: TransportErrorCode; readonly detail: string };

export function rejected(code: TransportErrorCode, detail: string): Outcome {
  return { kind: 'rejected', code, detail };
}

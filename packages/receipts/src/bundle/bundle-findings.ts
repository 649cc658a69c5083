import type { ReceiptVerificationCode } from '../verify-receipt.ts';

/** What may be wrong with a bundle as such, or with the history that it shows, each with what it means in words. */
export const bundleFaults = {
  line_too_long: 'a line is longer than any that this format has',
  malformed_line: 'a line is not of this format',
  unexpected_line: 'a line stands where it must not',
  unknown_format: 'the bundle is of another format',
  malformed_key_set: 'the key set cannot be relied on',
  malformed_trust: 'the keys or the remembered checkpoint that were given cannot be read',
  log_key_missing: 'there is no key of the log to check its checkpoints with',
  wrong_origin: 'the bundle is of another log',
  wrong_tenant: 'a receipt or event is of another tenant',
  wrong_environment: 'a receipt or event is of another environment than the bundle says',
  leaf_missing: 'a leaf of the log is not there',
  leaf_repeated: 'a leaf of the log is there twice, or out of order',
  leaf_hash_mismatch: 'the receipt is not the one that was put into the log at this leaf',
  receipt_missing: 'a receipt of the log is not there',
  event_missing: 'an event that the receipt names is not there',
  event_unexpected: 'an event is there that the receipt does not name at this place',
  event_hash_mismatch: 'the event is not the one that the receipt names',
  event_field_mismatch: 'the event says something else about itself than its receipt',
  event_out_of_order: 'the positions of the events have a gap or are out of order',
  policy_disagrees: 'the facts on the receipt do not lead to the decision on the receipt',
  checkpoint_refused: 'a checkpoint is not one that the log signed',
  checkpoint_misplaced: 'a checkpoint does not stand behind the last leaf that it covers',
  root_mismatch: 'the receipts do not lead to the root that the log signed',
  checkpoint_missing: 'the bundle does not end in a checkpoint',
  rolled_back: 'the log is shorter than the one that was remembered: history was taken back',
  forked: 'the log is not an extension of the one that was remembered: history was rewritten',
  remembered_unreachable: 'the bundle does not show how the log extends the one that was remembered',
  truncated: 'the bundle has no end',
  counts_mismatch: 'the bundle does not have as many lines as its end says',
  bundle_hash_mismatch: 'the bundle was altered after it was made',
  bundle_unsigned: 'the end of the bundle is not signed by a key of the key set',
} as const;

export type BundleFaultCode = keyof typeof bundleFaults;

/** One thing that does not hold. */
export interface BundleFinding {
  readonly code: BundleFaultCode | ReceiptVerificationCode;
  /** From 1. */
  readonly line: number;
  /** Where it concerns one leaf, or begins with it. */
  readonly leafIndex: number | null;
  readonly receiptId: string | null;
  /** The path of the field that fails, as in `receipt.signature.value`. */
  readonly field: string;
  readonly detail: string;
}

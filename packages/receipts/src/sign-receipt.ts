import { canonicalBytes } from './canonical-bytes.ts';
import { receiptBytesMax } from './limits.ts';
import { findReceiptFault, type ReceiptBody } from './receipt-body.ts';
import { receiptHash } from './receipt-hash.ts';
import type { ReceiptSigner } from './receipt-signer.ts';

/** A receipt as it is stored: canonical bytes exactly as hashed and signed, a hash of 32 bytes, a signature of 64. */
export interface SignedReceipt {
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
  readonly signature: Uint8Array;
  readonly keyId: string;
}

/** A receipt before it is signed: what the signature will be over, and the hash of it. */
export type PreparedReceipt = Pick<SignedReceipt, 'bytes' | 'hash'>;

/**
 * Canonicalises and hashes a receipt. Throws TypeError or RangeError for a body that no verifier would take: a bug. The
 * signature is over `bytes`; their `format` keeps it apart from signatures over anything else.
 */
export function prepareReceipt(body: ReceiptBody): PreparedReceipt {
  const fault = findReceiptFault(body);
  if (fault !== null) throw new TypeError(`this receipt could not be verified: ${fault}`);
  const bytes = canonicalBytes(body);
  if (bytes.length > receiptBytesMax) throw new RangeError(`a receipt has at most ${receiptBytesMax} canonical bytes`);
  return { bytes, hash: receiptHash(bytes) };
}

/** Canonicalises, hashes and signs a receipt. Throws as `prepareReceipt` does. */
export function signReceipt(body: ReceiptBody, signer: ReceiptSigner): SignedReceipt {
  const prepared = prepareReceipt(body);
  return { ...prepared, signature: signer.sign(prepared.bytes), keyId: signer.keyId };
}

import { canonicalBytes } from './canonical-bytes.ts';
import { sha256 } from './sha256.ts';
import type { ReceiptBody } from './receipt-body.ts';

/** The SHA-256 of a receipt's canonical bytes, 32 bytes. Bytes are hashed as given: they must be canonical already. */
export function receiptHash(receipt: ReceiptBody | Uint8Array): Uint8Array {
  return sha256(receipt instanceof Uint8Array ? receipt : canonicalBytes(receipt));
}

export type { JsonObject, JsonValue } from './json-value.ts';
export { canonicalBytes } from './canonical-bytes.ts';
export { eventHash, hashString, sha256, sha256Hex, type HashString } from './sha256.ts';
export { receiptFormat, type ReceiptBody } from './receipt-body.ts';
export { receiptHash } from './receipt-hash.ts';
export { createReceiptSigner, type ReceiptSigner } from './receipt-signer.ts';
export type { ReceiptPublicJwk } from './public-jwk.ts';
export { type PreparedReceipt, prepareReceipt, signReceipt, type SignedReceipt } from './sign-receipt.ts';
export {
  parseReceiptDocument,
  receiptDocument,
  type ParsedReceiptDocument,
  type ReceiptDocument,
  type ReceiptDocumentFaultCode,
} from './receipt-document.ts';
export {
  receiptVerificationCodes,
  verifyReceipt,
  type ReceiptVerification,
  type ReceiptVerificationCode,
} from './verify-receipt.ts';
export {
  formatKeySet,
  parseKeySet,
  type KeySetDocument,
  type KeySetEntry,
  type ParsedKeySet,
  type PublishedKey,
} from './key-set.ts';
export { jsonDepthMax, keySetBytesMax, keySetKeysMax, receiptBytesMax, receiptDocumentBytesMax } from './limits.ts';
export * from './log/index.ts';
export * from './archive/index.ts';
export * from './bundle/index.ts';

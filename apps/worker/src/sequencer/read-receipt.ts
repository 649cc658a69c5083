import { type ReadReceipt, readReceiptEvents } from '@karmanflow/events';
import { leafHash } from '@karmanflow/receipts';

/** A leaf is the exact bytes of a receipt, whatever they are; events are those that it lists. */
export const readReceipt: ReadReceipt = (body) => ({
  leafHash: leafHash(body),
  eventIds: readReceiptEvents(body) ?? [],
});

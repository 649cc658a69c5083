/**
 * A place among the events of approvals, opaque to clients: a transaction and an event of it. It does not outlive a restored
 * dump, and need not: whoever comes with one that is not understood gets a new snapshot.
 */
export type FeedCursor = string;

const cursorPattern = /^(0|[1-9][0-9]{0,19})\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;
/** Transaction ids of Postgres are unsigned 64-bit numbers. */
const transactionIdMax = 2n ** 64n - 1n;

export function isFeedCursor(text: string): boolean {
  const [, transaction] = cursorPattern.exec(text) ?? [];
  return transaction !== undefined && BigInt(transaction) <= transactionIdMax;
}

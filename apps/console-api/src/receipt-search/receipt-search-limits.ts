/** Receipts that one page of a search looks at to find those that its filters let through. */
export const scannedReceipts = 5_000;

/**
 * Largest canonical receipt that `signReceipt` makes. A C2SP tlog-tiles entry holds 65,535 bytes, and the published
 * document adds an envelope of fixed size, which the difference to `receiptDocumentBytesMax` leaves room for.
 */
export const receiptBytesMax = 65_000;

/** Largest receipt document that is read, measured as RFC 8785 canonical bytes. */
export const receiptDocumentBytesMax = 65_536;

/** Largest published key set that is read, measured as RFC 8785 canonical bytes. */
export const keySetBytesMax = 262_144;

/** Most entries in a published key set. A key in daily rotation would take this many in eight months. */
export const keySetKeysMax = 256;

/** Deepest nesting of arrays and objects that is canonicalised. Cycles end here too. */
export const jsonDepthMax = 64;

/** Longest explanation in a result. Details quote what was sent, and what was sent may be hostile. */
export const detailLengthMax = 240;

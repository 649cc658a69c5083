/**
 * Longest line of a bundle that is read, in characters. The largest content is a checkpoint with many post-quantum
 * signatures, then a key set; a receipt and an event have 65,536 bytes at most.
 */
export const bundleLineCharactersMax = 600_000;

/** Most findings of a verification. After so many nothing more is learnt, and reading ends. */
export const bundleFindingsMax = 100;

/** Most environments of one bundle. */
export const bundleEnvironmentsMax = 64;

/** Most verifier keys of the log that a bundle may bring: one, and another while it is being replaced. */
export const bundleLogKeysMax = 16;

/** Leaf hashes that are gathered before they become part of the tree: appending many at once costs less. */
export const leafHashesAtOnce = 256;

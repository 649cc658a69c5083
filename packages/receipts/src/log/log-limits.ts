/** Bytes of a hash in the tree: SHA-256 (RFC 9162 section 2.1.1). */
export const hashBytes = 32;

/**
 * Most leaves of a tree. Up to this size every inclusion and consistency proof has at most `proofHashesMax` hashes, so
 * each proof that exists also fits a tlog-witness request.
 */
export const treeSizeMax = 2n ** 62n;

/** Most hashes of a proof: the 63 lines that C2SP tlog-witness allows. */
export const proofHashesMax = 63;

/** Largest signed note that is read. It holds the sixteen post-quantum signatures that must be accepted many times. */
export const noteBytesMax = 262_144;

/** Most signatures of a note that is read. C2SP signed-note asks for sixteen at least. */
export const noteSignaturesMax = 64;

/** Longest key name, measured in UTF-8: the length prefix of the newer cosignature format has one byte. */
export const keyNameBytesMax = 255;

/** Longest origin of a checkpoint, measured in UTF-8, for the same reason. */
export const originBytesMax = 255;

/** Most extension lines of a checkpoint. Logs are advised to use none. */
export const extensionLinesMax = 16;

/** Largest time of a cosignature, in seconds since 1970 (C2SP tlog-cosignature, Format). */
export const cosignatureSecondsMax = 2n ** 63n - 1n;

/** Most bytes of the opaque extra data of a proof file. Nothing authenticates them. */
export const proofExtraBytesMax = 65_536;

/** Largest proof file that is read: a note, the hashes, the extra data in base64, and the lines around them. */
export const tlogProofBytesMax = 360_448;

/** Hashes, or entries, of a full tile (C2SP tlog-tiles). */
export const tileWidth = 256;

/** Highest level in the path of a tile (C2SP tlog-tiles). */
export const tileLevelMax = 63;

/** Largest entry of a bundle: its length is written in two bytes (C2SP tlog-tiles, Log entries). */
export const entryBytesMax = 65_535;

/** Largest policy file that is read, in bytes of UTF-8 or characters, and its most lines. */
export const policyBytesMax = 65_536;
export const policyLinesMax = 512;

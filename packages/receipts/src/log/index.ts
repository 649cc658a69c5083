export { emptyRootHash, leafHash, nodeHash } from './merkle-hash.ts';
export { consistencyProof, inclusionProof, rootHash } from './merkle-proof.ts';
export { verifyInclusion } from './verify-inclusion.ts';
export { verifyConsistency, type ConsistencyClaim } from './verify-consistency.ts';
export {
  appendLeafHashes,
  compactTreeRoot,
  emptyCompactTree,
  formatCompactTree,
  parseCompactTree,
  type CompactTree,
} from './compact-tree.ts';
export { parseTilePath, tilePath, tilesFor, type Tile } from './tile.ts';
export { extendTiles, type TileContent, type TileReader } from './extend-tiles.ts';
export { decodeEntryBundle, encodeEntryBundle } from './entry-bundle.ts';
export {
  consistencyProofFromTiles,
  inclusionProofFromTiles,
  tilesForConsistencyProof,
  tilesForInclusionProof,
  type ConsistencyFromTiles,
  type InclusionFromTiles,
  type TileRefusal,
} from './proof-from-tiles.ts';
export { cosignatureType, ed25519Type, formatVerifierKey, parseVerifierKey, type NoteKey } from './note-key.ts';
export {
  formatNote,
  formatSignatureLine,
  parseNote,
  parseSignatureLines,
  type Note,
  type NoteSignature,
} from './note.ts';
export { cosignCheckpoint, createCosigner, createNoteSigner, signNote, type NoteSigner } from './note-signer.ts';
export {
  noteRefusalCodes,
  verifyNote,
  type NoteRefusalCode,
  type NoteVerification,
  type VerifiedSignature,
} from './verify-note.ts';
export { formatCheckpoint, parseCheckpoint, type Checkpoint } from './checkpoint.ts';
export {
  checkpointRefusalCodes,
  verifyCheckpoint,
  type CheckpointRefusalCode,
  type CheckpointVerification,
  type LogPolicy,
  type WitnessStatement,
} from './verify-checkpoint.ts';
export { formatTlogProof, parseTlogProof, tlogProofHeader, type TlogProof } from './tlog-proof.ts';
export {
  tlogProofRefusalCodes,
  verifyTlogProof,
  type ProvenInclusion,
  type TlogProofRefusalCode,
  type TlogProofVerification,
} from './verify-tlog-proof.ts';
export {
  formatAddCheckpoint,
  parseAddCheckpoint,
  verifyCheckpointUpdate,
  type AddCheckpointRequest,
} from './add-checkpoint.ts';
export {
  judgeCheckpointUpdate,
  type KnownLog,
  type UpdateJudgement,
  type UpdateRefusalCode,
  type WitnessedTree,
} from './judge-checkpoint-update.ts';
export {
  meetsQuorum,
  parseTlogPolicy,
  type PolicyParty,
  type Quorum,
  type QuorumMember,
  type TlogPolicy,
  type TlogPolicyResult,
} from './tlog-policy.ts';
export { verifyUnderPolicy, verifyWitnessedCheckpoint, type WitnessedCheckpoint } from './verify-under-policy.ts';
export {
  logReceiptRefusals,
  verifyLogReceipt,
  type LogReceiptRefusal,
  type LogReceiptRefusalCode,
  type LogReceiptVerification,
  type LogTrust,
} from './verify-log-receipt.ts';
export {
  entryBytesMax,
  noteBytesMax,
  noteSignaturesMax,
  proofHashesMax,
  tileWidth,
  treeSizeMax,
} from './log-limits.ts';

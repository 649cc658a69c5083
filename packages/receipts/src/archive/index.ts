export { type Archive, ArchiveConflict, isArchivePath } from './archive.ts';
export {
  checkpointPath,
  type LogPlace,
  superLogFolder,
  superLogPlace,
  tenantLogFolder,
  tenantLogPlace,
} from './log-place.ts';
export { archiveGrowth, firstEntryOf, LogDamaged, type LogGrowth } from './archive-growth.ts';
export { type ArchiveProof, consistencyFromArchive, proveFromArchive } from './prove-from-archive.ts';
export {
  formatSignedTree,
  parseSignerJournal,
  type SignedTree,
  type SignerMemory,
  signingRefusal,
  type SigningRefusalCode,
  type SigningRequest,
} from './signer-memory.ts';

export {
  bundleEndFormat,
  bundleFormat,
  type BundleCounts,
  type BundleEnd,
  type BundleHeader,
  type BundleLine,
} from './bundle-format.ts';
export { bundleFaults, type BundleFaultCode, type BundleFinding } from './bundle-findings.ts';
export { tenantLogKey } from './tenant-log-key.ts';
export { bundleEnvironmentsMax, bundleFindingsMax, bundleLineCharactersMax } from './bundle-limits.ts';
export { type BundleWriter, createBundleWriter } from './bundle-writer.ts';
export type { VerifiedCheckpoint } from './check-leaves.ts';
export type { ExplainPolicy, PolicyExplanation } from './check-receipts.ts';
export type { BundleSummary } from './check-state.ts';
export {
  formatRememberedCheckpoint,
  parseRememberedCheckpoint,
  type RememberedCheckpoint,
  rememberedFormat,
} from './remembered-checkpoint.ts';
export { splitLines } from './split-lines.ts';
export {
  type BundleTrust,
  type BundleVerification,
  type BundleVerificationInput,
  type KeySource,
  verifyBundle,
} from './verify-bundle.ts';
